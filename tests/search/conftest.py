"""Counts the random cases of the differential test and prints their number at the end."""

from __future__ import annotations

import pytest

from tests.support.at_once import AtOnce
from vecinity.local import engine, exact

CASES = pytest.StashKey[dict[str, int]]()


@pytest.fixture
def cases(pytestconfig: pytest.Config) -> dict[str, int]:
    """How many cases of each kind ran; tests add to it."""
    return pytestconfig.stash.setdefault(CASES, {})


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Indexes that are opened from now on do their upkeep after each commit."""
    monkeypatch.setattr(engine, "Maintenance", AtOnce)


@pytest.fixture(autouse=True)
def few_rows_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores of few rows are bounded in float32 before they are computed, as those of many are."""
    monkeypatch.setattr(exact, "_FEW_VALUES", 0)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    ran = config.stash.get(CASES, {})
    if ran:
        kinds = ", ".join(f"{number:,} {kind}" for kind, number in ran.items())
        terminalreporter.write_line(f"differential: {sum(ran.values()):,} random cases: {kinds}")
