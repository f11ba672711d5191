"""Does an answer of the scenario hold?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.clients.workers.expected import EXPECTED

Outcomes = Mapping[str, Mapping[str, Any]]
"""What each step gave, by binding and step."""


def check(outcomes: Outcomes, bindings: Iterable[str] = EXPECTED) -> None:
    """Every step of these bindings gave what it must, in the scenario's order."""
    assert list(outcomes) == list(bindings)
    for binding, steps in outcomes.items():
        expected = EXPECTED[binding]
        assert list(steps) == list(expected)
        for step, got in steps.items():
            assert got == expected[step], f"{binding}, {step}: {got}"
    _check_progress(outcomes["INDEX"])


def _check_progress(steps: Mapping[str, Any]) -> None:
    """describe() names the write before it, whose effect is there at once."""
    write = None
    for step, got in steps.items():
        if step.startswith("describe: ") and write:
            assert got["processedUpToMutation"] == write, step
        elif isinstance(got, dict):
            write = got.get("mutationId", write)
