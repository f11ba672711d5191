"""Files of heads: what they hold comes back, and no damage makes a head of another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vecinity.local import heads
from vecinity.local.checksum import row_crc
from vecinity.local.heads import DamagedHeads, Heads
from vecinity.local.store import StoredMutation, StoredRow
from vecinity.metric import FloatArray

_FIRST, _END = 64, 70
_MUTATION = StoredMutation(7, "a uuid", 0.0, 80, 70, 0)
_SAID: dict[int, tuple[str, str | None, bytes | None]] = {
    64: ("a", None, None),
    65: ("ä" * 40, "", b"{}"),
    66: ("c", "namespace", b'{"n":1}'),
    68: ("", "ü", None),
    69: ("a", "n", None),
}


def _values(row: int) -> FloatArray:
    return np.arange(row, row + 3, dtype=np.float32)


def _rows() -> list[StoredRow]:
    return [
        StoredRow(row, *said, 3, row_crc(*said, 3, _values(row))) for row, said in _SAID.items()
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    heads.save(tmp_path / "heads", "an index", _FIRST, _END, _MUTATION, _rows())
    return tmp_path / "heads"


def _answers(path: Path) -> dict[int, tuple[str, str | None] | None]:
    """What the file says of each row that it has."""
    found = Heads(path)
    return {row: found.of(row, _values(row)) for row in range(_FIRST, _END + 9)}


def test_what_was_saved_is_told(path: Path) -> None:
    told = {row: said for row, said in _answers(path).items() if said is not None}
    assert told == {row: said[:2] for row, said in _SAID.items()}
    about = Heads(path).about
    assert (about.first, about.end, about.count) == (_FIRST, _END, len(_SAID))


def test_other_values_have_no_name(path: Path) -> None:
    assert Heads(path).of(66, _values(67)) is None


def test_whose_past_it_is(path: Path) -> None:
    about = Heads(path).about
    assert about.is_past_of("an index", _MUTATION)
    assert not about.is_past_of("another", _MUTATION)
    assert not about.is_past_of("an index", None)
    assert not about.is_past_of("an index", StoredMutation(7, "another", 0.0, 80, 70, 0))
    assert not about.is_past_of("an index", StoredMutation(7, "a uuid", 0.0, 81, 70, 0))


def _damage(path: Path) -> int:
    """How many of all flipped bytes make the file say something else of a row."""
    whole = path.read_bytes()
    right = _answers(path)
    wrong = 0
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x15
        path.write_bytes(damaged)
        wrong += _says_otherwise(path, right)
    return wrong


def _says_otherwise(path: Path, right: dict[int, tuple[str, str | None] | None]) -> bool:
    try:
        found = Heads(path)
    except DamagedHeads:
        return False
    for row in range(_FIRST, _END + 9):
        try:
            said = found.of(row, _values(row))
        except DamagedHeads:
            continue
        except UnicodeDecodeError:
            return True
        if said is not None and said != right[row]:
            return True
    return False


def test_no_flipped_byte_is_believed(path: Path) -> None:
    assert _damage(path) == 0


def test_a_record_that_is_not_verified_is_caught(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: whatever stands in a record is taken."""

    class Anything:
        def __ne__(self, other: object) -> bool:
            return False

    monkeypatch.setattr(heads, "_WHOLE", Anything())
    monkeypatch.setattr(heads, "_LEAST", 16)
    assert _damage(path) > 20


def test_a_short_file_is_refused_or_tells_no_lies(path: Path) -> None:
    whole = path.read_bytes()
    right = _answers(path)
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        assert not _says_otherwise(path, right)
