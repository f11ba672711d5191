"""Bugs planted in the engine: the comparison with the model must find each of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from tests.search import datasets
from tests.search.compare import Mismatch, Pair, Query, Shape, Step
from tests.search.strategies import filters, queries, shapes, steps
from vecinity.filters import AnyOf, Condition
from vecinity.local import columns, follower, search

# the same cases each time, and no shrinking of what is found
_SETTINGS = settings(
    max_examples=400,
    phases=[Phase.generate],
    derandomize=True,
    database=None,
    report_multiple_bugs=False,
)


def _negations_forget_missing_properties(patch: pytest.MonkeyPatch) -> None:
    select = columns.MetadataColumn.select

    def planted(self: columns.MetadataColumn, condition: Condition, live: BitMap) -> BitMap:
        found = select(self, condition, live)
        negated = isinstance(condition, AnyOf) and condition.negated
        return found & self._present if negated else found

    patch.setattr(columns.MetadataColumn, "select", planted)


def _namespaces_leak(patch: pytest.MonkeyPatch) -> None:
    select = follower.Follower.select

    def planted(
        self: follower.Follower,
        snapshot: follower.Snapshot,
        namespace: str | None,
        conditions: Sequence[Condition],
    ) -> BitMap:
        return select(self, snapshot, namespace or None, conditions)

    patch.setattr(follower.Follower, "select", planted)


def _strings_are_cut_within_a_character(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(columns, "cut_string", lambda text, size: text.encode()[:size])


def _bounds_are_too_tight(patch: pytest.MonkeyPatch) -> None:
    bounds = search._bounds

    def planted(*arguments: Any) -> tuple[Any, Any]:
        low, high = bounds(*arguments)
        return high, low + np.float32(0.5) * (high - low)

    patch.setattr(search, "_bounds", planted)


def _find_in_sequences(folder: Path) -> None:
    @_SETTINGS
    @given(shapes(), st.lists(steps, min_size=1, max_size=12))
    def check(shape: Shape, steps: list[Step]) -> None:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            pair = Pair(Path(place), shape)
            try:
                for step in steps:
                    pair.run(step)
                pair.check_everything()
            finally:
                pair.close()

    check()


def _find_in_queries(folder: Path) -> None:
    pairs = [datasets.build(folder / str(number), number) for number in range(6)]

    @_SETTINGS
    @given(st.integers(0, 5), queries(filters))
    def check(number: int, query: Query) -> None:
        pairs[number].query(query)

    try:
        check()
    finally:
        for pair in pairs:
            pair.close()


@pytest.mark.parametrize("find", [_find_in_sequences, _find_in_queries])
@pytest.mark.parametrize(
    "plant",
    [
        _negations_forget_missing_properties,
        _namespaces_leak,
        _strings_are_cut_within_a_character,
        _bounds_are_too_tight,
    ],
)
def test_a_planted_bug_is_found(
    plant: Callable[[pytest.MonkeyPatch], None],
    find: Callable[[Path], None],
    memory_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(monkeypatch)
    with pytest.raises(Mismatch):
        find(memory_path)
