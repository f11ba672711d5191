"""The log of hints: each once, a bounded number of them, safe lines of bounded length."""

from __future__ import annotations

import logging

import pytest

from vecinity.server.hints import HintLog, safe


def test_each_once_and_not_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "vecinity.hints")
    hints = HintLog(most=3)
    for number in (1, 1, 2, 2, 3, 4, 1, 5):
        hints.say(("index", str(number)), f"hint {number}")
    last = "3 hints were logged; there will be no more"
    assert caplog.messages == ["hint 1", "hint 2", "hint 3", last]
    HintLog().say(("index", "1"), "another server's 100 %s")
    assert caplog.messages[-1] == "another server's 100 %s"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("é 😀 ~", "é 😀 ~"),
        ("\r\n\t\x00\x7f\x85", r"\r\n\t\x00\x7f\x85"),
        ("\u2028\u202e\u200b\ufeff", r"\u2028\u202e\u200b\ufeff"),
        ("\U000e0001", r"\U000e0001"),
        ("x" * 2_000, "x" * 2_000),
        ("x" * 2_001, "x" * 2_000 + "..."),
        ("\n" * 2_000, r"\n" * 1_000 + "..."),
    ],
)
def test_safe_lines(text: str, line: str) -> None:
    assert safe(text) == line
