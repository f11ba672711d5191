"""The values of one column: sealed runs, and a tail of the newest rows.

One thread adds and seals; any thread reads, and waits no longer than a look into the tail takes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from pyroaring import BitMap

from vecinity.local.column_runs import Run, Sizes, build, merge, union

Edge: TypeAlias = tuple[Any, bool] | None
"""An end of a range, and whether it belongs to it; None if the range has no such end."""


class Tail:
    """The rows from `first` on, by key."""

    def __init__(self, first: int) -> None:
        self.first = first
        self._lock = threading.Lock()
        self._rows: dict[Any, list[int]] = {}
        self._present: list[int] = []

    def add(self, present: Iterable[int], keys: Iterable[Any], rows: Iterable[int]) -> None:
        with self._lock:
            self._present.extend(present)
            for key, row in zip(keys, rows, strict=True):
                self._rows.setdefault(key, []).append(row)

    def present(self) -> BitMap:
        with self._lock:
            return BitMap(self._present)

    def keys(self) -> list[Any]:
        with self._lock:
            return list(self._rows)

    def equal(self, key: Any) -> BitMap:
        with self._lock:
            return BitMap(self._rows.get(key, ()))

    def between(self, low: Edge, high: Edge) -> BitMap:
        with self._lock:
            return BitMap(
                [row for key, rows in self._rows.items() if _within(key, low, high) for row in rows]
            )

    def run(self, end: int, heavy: int) -> Run | None:
        """All of it, up to the row `end`, as a run. Only the thread that adds may ask for it."""
        keys = [key for key, rows in self._rows.items() for _ in rows]
        numbers = [row for rows in self._rows.values() for row in rows]
        present = BitMap(self._present)
        return build(self.first, end, present, keys, np.array(numbers, np.uint32), heavy)


class Values:
    """Which rows hold which value.

    Args:
        first: the first row that it learns of.
        runs: what it knows already of rows before `first`.
    """

    def __init__(self, sizes: Sizes, first: int = 0, runs: Sequence[Run] = ()) -> None:
        self._sizes = sizes
        # swapped as one: a reader sees each row in a run or in the tail
        self._state = (tuple(runs), Tail(first))

    @property
    def runs(self) -> tuple[Run, ...]:
        return self._state[0]

    def add(self, present: Iterable[int], keys: Iterable[Any], rows: Iterable[int]) -> None:
        """Learn of a few rows: which hold anything, and (key, row) in the order of rows."""
        self._state[1].add(present, keys, rows)

    def add_run(
        self, end: int, present: Iterable[int], keys: Sequence[Any], rows: Sequence[int]
    ) -> None:
        """Learn of many rows, up to `end`; the tail must be empty."""
        first, heavy = self._state[1].first, self._sizes.heavy
        numbers = np.array(rows, np.uint32)
        self._append(build(first, end, BitMap(present), keys, numbers, heavy), end)

    def seal(self, end: int) -> None:
        """Make a run of the tail, which has all rows before `end`."""
        self._append(self._state[1].run(end, self._sizes.heavy), end)

    def equal(self, key: Any, start: int = 0) -> BitMap:
        """The rows from `start` on, and maybe some before, that hold `key`."""
        runs, tail = self._state
        return union([run.equal(key) for run in runs if run.end > start] + [tail.equal(key)])

    def between(self, low: Edge, high: Edge, start: int = 0) -> BitMap:
        """The rows from `start` on, and maybe some before, with a key inside the range."""
        runs, tail = self._state
        found = [run.between(*_numbers(run, low, high)) for run in runs if run.end > start]
        return BitMap.union(tail.between(low, high), *found)

    def present(self, start: int = 0) -> BitMap:
        """The rows from `start` on, and maybe some before, that hold anything."""
        runs, tail = self._state
        return BitMap.union(tail.present(), *(run.present for run in runs if run.end > start))

    def distinct(self) -> set[Any]:
        """All keys."""
        runs, tail = self._state
        return {key for keys in (tail.keys(), *(run.keys.all() for run in runs)) for key in keys}

    def most_distinct(self) -> int:
        """A bound of how many keys there are, known at once."""
        runs, tail = self._state
        return sum(len(run.keys) for run in runs) + len(tail.keys())

    def has(self, key: Any) -> bool:
        runs, tail = self._state
        return bool(tail.equal(key)) or any(run.has(key) for run in runs)

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the runs take, about."""
        return sum(run.nbytes for run in self.runs)

    def _append(self, run: Run | None, end: int) -> None:
        runs = list(self.runs)
        if run is not None:
            runs.append(run)
            while alike := self._alike(runs):
                runs[-alike:] = [merge(runs[-alike:], self._sizes.heavy)]
        self._state = (tuple(runs), Tail(end))

    def _alike(self, runs: Sequence[Run]) -> int:
        """How many of the last runs should be one; 0 if they are few."""
        sizes = self._sizes
        newest = self._tier(runs[-1])
        count = 0
        for run in reversed(runs):
            if run.entries >= sizes.finished or self._tier(run) > newest:
                break
            count += 1
        return count if count >= sizes.fanout else 0

    def _tier(self, run: Run) -> int:
        size, tier = self._sizes.tail, 0
        while run.entries > size:
            size *= self._sizes.fanout
            tier += 1
        return tier


def _numbers(run: Run, low: Edge, high: Edge) -> tuple[int, int]:
    """The numbers of the run's keys inside a range: the first, and where they end."""
    keys = run.keys
    start, end = 0, len(keys)
    if low is not None:
        start = keys.left(low[0]) if low[1] else keys.right(low[0])
    if high is not None:
        end = keys.right(high[0]) if high[1] else keys.left(high[0])
    return start, max(start, end)


def _within(key: Any, low: Edge, high: Edge) -> bool:
    if low is not None and (key < low[0] or (key == low[0] and not low[1])):
        return False
    return high is None or key < high[0] or (key == high[0] and high[1])
