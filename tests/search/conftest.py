"""Counts the random cases of the differential test and prints their number at the end."""

from __future__ import annotations

import pytest

CASES = pytest.StashKey[dict[str, int]]()


@pytest.fixture
def cases(pytestconfig: pytest.Config) -> dict[str, int]:
    """How many cases of each kind ran; tests add to it."""
    return pytestconfig.stash.setdefault(CASES, {})


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    ran = config.stash.get(CASES, {})
    if ran:
        kinds = ", ".join(f"{number:,} {kind}" for kind, number in ran.items())
        terminalreporter.write_line(f"differential: {sum(ran.values()):,} random cases: {kinds}")
