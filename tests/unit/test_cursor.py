"""List cursors: signed, bound to their index, and mortal."""

from __future__ import annotations

import pytest

from vecinity.errors import ExpiredCursor, InvalidCursor
from vecinity.local.cursor import Cursor, decode, encode

_KEY = b"k" * 32
_CURSOR = Cursor("index-uuid", 7, "last-id", 1_000.0)


def test_a_cursor_comes_back_as_it_was() -> None:
    assert decode(encode(_CURSOR, _KEY), _KEY, "index-uuid", now=999.9) == _CURSOR


def test_no_command_line_takes_it_for_an_option() -> None:
    texts = [encode(_CURSOR, bytes([number])) for number in range(256)]
    assert len(set(texts)) == 256
    assert all(text[0].isalpha() for text in texts)


def test_it_expires() -> None:
    with pytest.raises(ExpiredCursor):
        decode(encode(_CURSOR, _KEY), _KEY, "index-uuid", now=1_000.0)


def test_another_index_refuses_it() -> None:
    with pytest.raises(InvalidCursor):
        decode(encode(_CURSOR, _KEY), _KEY, "other-uuid", now=0)


def test_another_data_directory_refuses_it() -> None:
    with pytest.raises(InvalidCursor):
        decode(encode(_CURSOR, _KEY), b"x" * 32, "index-uuid", now=0)


def test_no_changed_character_goes_unnoticed() -> None:
    text = encode(_CURSOR, _KEY)
    for place, character in enumerate(text):
        for other in "Ab_ é":
            if other != character:
                with pytest.raises(InvalidCursor):
                    decode(text[:place] + other + text[place + 1 :], _KEY, "index-uuid", now=0)


@pytest.mark.parametrize("text", ["", "x", "====", "\x00", "é", "A" * 10_000])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        decode(text, _KEY, "index-uuid", now=0)
