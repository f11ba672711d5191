"""Burial and compaction change nothing that anyone can see, but the space.

The engine is compared with the naive model while every commit is followed by all the upkeep there
is to do, a few rows a step.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from tests.search.compare import Mismatch, Pair, Shape, Step
from tests.search.strategies import histories, shapes
from tests.search.test_delayed import DelayedPair, delayed_histories
from tests.support import tiny
from vecinity.errors import StorageUnavailable
from vecinity.local import burial, compaction, graves, store, upkeep
from vecinity.local.compaction import Compaction
from vecinity.local.engine import LocalEngine
from vecinity.local.follower import Follower
from vecinity.local.rows import RowNumbers, Segment
from vecinity.local.visibility import Snapshot


@pytest.fixture
def in_small_steps(at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a few rows a step."""
    monkeypatch.setattr(upkeep, "_LONGEST_REST", 0.0)
    monkeypatch.setattr(burial, "_ROWS_A_STEP", 2)
    monkeypatch.setattr(compaction, "_BYTES_A_STEP", 32)


@pytest.fixture
def rewritten(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the segments that were rewritten, as the test goes on."""
    numbers: list[int] = []
    switch = Compaction._switch

    def counted(self: Compaction, number: int, *arguments: Any) -> None:
        numbers.append(number)
        switch(self, number, *arguments)

    monkeypatch.setattr(Compaction, "_switch", counted)
    return numbers


def _long(strategy: st.SearchStrategy[list[Step]]) -> st.SearchStrategy[list[Step]]:
    """One history after another, in the same index: much of the first is dead in the end."""
    return st.tuples(strategy, strategy, strategy).map(lambda parts: [*itertools.chain(*parts)])


def _long_histories(*, all_ids: bool = False) -> st.SearchStrategy[list[Step]]:
    return _long(histories(all_ids=all_ids))


def _long_delayed_histories() -> st.SearchStrategy[list[Step]]:
    return _long(delayed_histories())


def _replay(kind: type[Pair], folder: Path, shape: Shape, history: list[Step]) -> None:
    """Run `history`, then verify what is on the disk."""
    shape = replace(shape, segment_rows=shape.segment_rows or 4)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        with kind(Path(place), shape) as pair:
            pair.replay(history)
        local = LocalEngine(Path(place))
        try:
            problems = list(local.verify())
        finally:
            local.close()
    if problems:
        raise Mismatch(str(problems))


@pytest.mark.usefixtures("in_small_steps")
def test_nothing_changes(
    memory_path: Path, in_ci: bool, cases: dict[str, int], rewritten: list[int]
) -> None:
    wanted = 600 if in_ci else 150
    ran = itertools.count(1)

    @settings(max_examples=wanted)
    @given(shapes(), _long_histories())
    def check(shape: Shape, history: list[Step]) -> None:
        cases["compacted sequences"] = next(ran)
        _replay(Pair, memory_path, shape, history)

    check()
    assert len(rewritten) > wanted


@pytest.mark.usefixtures("in_small_steps")
def test_nothing_changes_that_is_not_visible_yet(
    memory_path: Path, in_ci: bool, cases: dict[str, int], rewritten: list[int]
) -> None:
    wanted = 400 if in_ci else 150
    ran = itertools.count(1)

    @settings(max_examples=wanted)
    @given(shapes(), _long_delayed_histories())
    def check(shape: Shape, history: list[Step]) -> None:
        cases["compacted delayed sequences"] = next(ran)
        _replay(DelayedPair, memory_path, shape, history)

    check()
    assert len(rewritten) > wanted


@pytest.mark.usefixtures("in_small_steps")
def test_nothing_changes_over_tiny_blocks(
    memory_path: Path,
    in_ci: bool,
    cases: dict[str, int],
    rewritten: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = 300 if in_ci else 40
    ran = itertools.count(1)
    counted = tiny.shrink(monkeypatch, at_once=True)
    before = counted.builds, counted.scans

    @settings(max_examples=wanted)
    @given(shapes(), _long_histories(all_ids=True))
    def check(shape: Shape, history: list[Step]) -> None:
        cases["compacted sequences with tiny blocks"] = next(ran)
        _replay(Pair, memory_path, shape, history)

    check()
    assert len(rewritten) > wanted
    assert counted.builds - before[0] >= wanted
    assert counted.scans > before[1]


def _places_are_wrong(patch: pytest.MonkeyPatch) -> None:
    places = Segment.places

    def planted(self: Segment, local_rows: RowNumbers) -> RowNumbers:
        found = places(self, local_rows)
        return found if self._present is None else np.maximum(found - 1, 0)

    patch.setattr(Segment, "places", planted)


def _a_listing_forgets_the_buried(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(graves, "ids_between", lambda *which: iter(()))


def _a_restart_raises_the_dead(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(graves, "buried", lambda *which: BitMap())


def _columns_take_the_buried_for_never_born(patch: pytest.MonkeyPatch) -> None:
    births = store.births

    def planted(connection: Any, first: int, end: int) -> Any:
        found = births(connection, first, end)
        query = "SELECT row FROM rows WHERE row >= ? AND row < ?"
        there = [found[row - first] for (row,) in connection.execute(query, (first, end))]
        return [*there, *[(None, None)] * (len(found) - len(there))]

    patch.setattr(store, "births", planted)


def _what_readers_need_is_buried(patch: pytest.MonkeyPatch) -> None:
    bury = Follower.bury

    def planted(self: Follower) -> Snapshot:
        return replace(bury(self), mutation=self.newest)

    patch.setattr(Follower, "bury", planted)


@pytest.mark.usefixtures("in_small_steps")
@pytest.mark.parametrize(
    ("plant", "kind", "which"),
    [
        (_places_are_wrong, Pair, _long_histories),
        (_a_listing_forgets_the_buried, Pair, _long_histories),
        (_a_restart_raises_the_dead, Pair, _long_histories),
        (_columns_take_the_buried_for_never_born, Pair, _long_histories),
        (_what_readers_need_is_buried, DelayedPair, _long_delayed_histories),
    ],
)
def test_a_planted_bug_is_found(
    plant: Callable[[pytest.MonkeyPatch], None],
    kind: type[Pair],
    which: Callable[[], st.SearchStrategy[list[Step]]],
    memory_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @settings(
        max_examples=1_000,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
    )
    @given(shapes(), which())
    def check(shape: Shape, history: list[Step]) -> None:
        _replay(kind, memory_path, shape, history)

    plant(monkeypatch)
    with pytest.raises((Mismatch, StorageUnavailable)):
        check()
