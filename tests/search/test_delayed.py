"""The engine with a visibility delay against the naive model as it was that many seconds ago.

The clock is the test's: it moves between the steps of random histories, which restart in between.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.search.compare import Mismatch, Pair, Shape, Step
from tests.search.model import Model
from tests.search.strategies import histories, shapes
from vecinity.errors import StorageUnavailable
from vecinity.local import store
from vecinity.local.follower import Follower
from vecinity.local.index import OpenIndex
from vecinity.local.visibility import Visibility
from vecinity.model import IndexInfo

_DELAY = 4.0
_START = 1_700_000_000.0


@dataclass(frozen=True, slots=True)
class _Past:
    """What the model was after a mutation, and when that was."""

    time: float
    model: Model
    mutation: str | None


class DelayedPair(Pair):
    """As Pair, but reads are compared with the newest state that is `_DELAY` seconds old."""

    def __init__(self, folder: Path, shape: Shape) -> None:
        self.now = _START
        super().__init__(folder, shape, visibility_delay=_DELAY, clock=lambda: self.now)
        self._history = [_Past(0.0, _copy(self.model), None)]

    def wait(self, seconds: float) -> None:
        """Move the clock."""
        self.now += seconds
        self._look_back()

    def _mutate(self, ours: Callable[[], str], models: Callable[[], None]) -> None:
        newest = self._history[-1]
        self.model, self.last_mutation = _copy(newest.model), newest.mutation
        super()._mutate(ours, models)
        self._history.append(_Past(self.now, self.model, self.last_mutation))
        self._look_back()

    def _look_back(self) -> None:
        """Let reads be compared with the newest state that is old enough."""
        visible = [past for past in self._history if past.time + _DELAY <= self.now][-1]
        self.model, self.last_mutation = visible.model, visible.mutation


def _copy(model: Model) -> Model:
    return replace(
        model, records=dict(model.records), metadata_indexes=dict(model.metadata_indexes)
    )


@st.composite
def delayed_histories(draw: st.DrawFn) -> list[Step]:
    """A history with waits in it, and restarts while deaths are young.

    Everything is looked at after some steps, and at the end.
    """
    steps: list[Step] = []
    for step in draw(histories()):
        steps.append(step)
        if step.method in ("upsert", "delete") and draw(st.integers(0, 3)) == 0:
            steps.append(Step("reopen", ()))
        if seconds := draw(st.sampled_from([0.0, 0.0, 1.0, 3.0, _DELAY, 9.0])):
            steps.append(Step("wait", (seconds,)))
        if draw(st.integers(0, 3)) == 0:
            steps.append(Step("check_everything", ()))
    return [*steps, Step("wait", (_DELAY,))]


def _replay(folder: Path, shape: Shape, history: list[Step]) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as place, DelayedPair(Path(place), shape) as pair:
        pair.replay(history)


def test_reads_see_the_index_as_it_was(
    memory_path: Path, in_ci: bool, cases: dict[str, int]
) -> None:
    wanted = 600 if in_ci else 150
    ran = itertools.count(1)

    @settings(max_examples=wanted)
    @given(shapes(), delayed_histories())
    def check(shape: Shape, history: list[Step]) -> None:
        cases["delayed sequences"] = next(ran)
        _replay(memory_path, shape, history)

    check()
    assert cases["delayed sequences"] >= wanted


def _counts_are_the_newest(patch: pytest.MonkeyPatch) -> None:
    info = OpenIndex.info

    def planted(self: OpenIndex) -> IndexInfo:
        return replace(info(self), vector_count=self._follower.newest.live)

    patch.setattr(OpenIndex, "info", planted)


def _a_restart_shows_everything(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(store, "young_mutations", lambda connection, since: [])


def _a_restart_forgets_young_deaths(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(store, "later_deaths", lambda connection, mutation: [])


def _dropped_columns_go_at_once(patch: pytest.MonkeyPatch) -> None:
    def planted(self: Follower) -> None:
        while self._dropped:
            self._columns.drop(self._dropped.popleft()[1])

    patch.setattr(Follower, "_forget_dropped", planted)


def _a_second_early(patch: pytest.MonkeyPatch) -> None:
    advance = Visibility._advance
    patch.setattr(Visibility, "_advance", lambda self, now: advance(self, now + 1))


@pytest.mark.parametrize(
    "plant",
    [
        _counts_are_the_newest,
        _a_restart_shows_everything,
        _a_restart_forgets_young_deaths,
        _dropped_columns_go_at_once,
        _a_second_early,
    ],
)
def test_a_planted_bug_is_found(
    plant: Callable[[pytest.MonkeyPatch], None],
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
    @given(shapes(), delayed_histories())
    def check(shape: Shape, history: list[Step]) -> None:
        _replay(memory_path, shape, history)

    plant(monkeypatch)
    # a row that should be dead may be gone already
    with pytest.raises((Mismatch, StorageUnavailable)):
        check()
