"""The visibility delay with a clock of the test's own: exact moments, set back, read by threads."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from pyroaring import BitMap

from vecinity.batch import Batch
from vecinity.engine import Index
from vecinity.local.engine import LocalEngine
from vecinity.local.store import NO_MUTATION, StoredMutation
from vecinity.local.values import Values
from vecinity.local.visibility import Snapshot, Step, Visibility
from vecinity.metric import Metric
from vecinity.model import IndexConfig

_NO_VALUES = Values((), 1)
_EMPTY = Snapshot(NO_MUTATION, BitMap(), _NO_VALUES, ())


class Clock:
    """Tells the time that it is set to."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def _step(number: int, time: float, died: tuple[int, ...] = ()) -> Step:
    """A mutation that adds a row."""
    mutation = StoredMutation(number, str(number), time, number, number, 0)
    return Step(mutation, died, _NO_VALUES, ())


def test_the_newest_that_is_old_enough() -> None:
    clock = Clock()
    visibility = Visibility(_EMPTY, 5.0, clock)
    for number in range(1, 5):
        clock.now = 1_000.0 + number
        visibility.add(_step(number, clock.now, died=(0,) if number == 4 else ()))
    seen = []
    for now in (1_005.9, 1_006.0, 1_008.5, 1_009.0, 1_009.0):
        clock.now = now
        snapshot = visibility.snapshot
        seen.append((snapshot.mutation.number, list(snapshot.live)))
    assert seen == [(0, []), (1, [0]), (3, [0, 1, 2]), (4, [1, 2, 3]), (4, [1, 2, 3])]


def test_without_a_delay_no_clock_is_asked() -> None:
    def clock() -> float:
        raise AssertionError

    visibility = Visibility(_EMPTY, 0.0, clock)
    visibility.add(_step(1, 1e12))
    assert visibility.snapshot.mutation.number == 1


@pytest.mark.parametrize("restart", [False, True])
def test_a_clock_set_back_hides_nothing_for_longer(tmp_path: Path, restart: bool) -> None:
    clock = Clock()
    engine = LocalEngine(tmp_path, visibility_delay=5, clock=clock)
    engine.create_index("account", "i", IndexConfig(32, Metric.COSINE), None)
    index = engine.open_index("account", "i")
    _write(index, "a")
    clock.now -= 3_600
    _write(index, "b")
    if restart:
        engine.close()
        engine = LocalEngine(tmp_path, visibility_delay=5, clock=clock)
        index = engine.open_index("account", "i")
    counts = []
    for _ in range(3):
        counts.append(index.info().vector_count)
        clock.now += 2.5
    assert counts == [0, 0, 2]
    engine.close()


def test_other_delays_hold_for_what_is_opened_with_them(tmp_path: Path) -> None:
    clock = Clock()
    counts: list[int] = []
    for delay in (10.0, 3.0, 0.0, 10.0):
        engine = LocalEngine(tmp_path, visibility_delay=delay, clock=clock)
        if not counts:
            engine.create_index("account", "i", IndexConfig(32, Metric.COSINE), None)
        index = engine.open_index("account", "i")
        _write(index, str(delay))
        clock.now += 3
        counts.append(index.info().vector_count)
        engine.close()
    # written at 0, 3, 6 and 9 s (the first id again); read 3 s after each
    assert counts == [0, 2, 3, 1]


def test_readers_never_go_back() -> None:
    clock = Clock()
    visibility = Visibility(_EMPTY, 0.001, clock)
    wrong: list[tuple[int, int]] = []
    done = threading.Event()

    def read() -> None:
        last = 0
        while not done.is_set():
            snapshot = visibility.snapshot
            if snapshot.mutation.number < last or len(snapshot.live) != snapshot.mutation.rows:
                wrong.append((last, snapshot.mutation.number))
            last = snapshot.mutation.number

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(1, 3_001):
        clock.now += 0.0004
        visibility.add(_step(number, clock.now))
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    clock.now += 1
    assert visibility.snapshot.mutation.number == 3_000


def _write(index: Index, vector_id: str) -> None:
    index.upsert(Batch([vector_id], np.ones((1, 32), np.float32), [None], [None]))
