"""Which snapshot reads see: the newest one, or with a delay the newest that is old enough.

What is not visible yet waits as what it changes, not as a snapshot: a flood of small writes costs
no bitmaps, and all that is due by the next read becomes visible in one go.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from pyroaring import BitMap

from vecinity.local.rows import Segment
from vecinity.local.store import StoredMetadataIndex, StoredMutation
from vecinity.local.values import Values

Clock: TypeAlias = Callable[[], float]
"""Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a mutation leads to: `died` lists rows; those born follow from the count of rows."""

    mutation: StoredMutation
    died: Sequence[int]
    values: Values
    metadata_indexes: tuple[StoredMetadataIndex, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The index after `mutation`: its rows are `live`, all below `mutation.rows`."""

    mutation: StoredMutation
    live: BitMap
    values: Values
    metadata_indexes: tuple[StoredMetadataIndex, ...]

    def after(self, steps: Sequence[Step]) -> Snapshot:
        """The snapshot that `steps`, one or more, lead to from here."""
        last = steps[-1]
        live = self.live
        if last.mutation.rows > self.mutation.rows:
            live = live | BitMap(range(self.mutation.rows, last.mutation.rows))
        if died := [row for step in steps for row in step.died]:
            live = live - BitMap(died)
        return Snapshot(last.mutation, live, last.values, last.metadata_indexes)


class Visibility:
    """The snapshot that reads see. One thread adds, any thread reads; it never goes back.

    Args:
        snapshot: what is visible at once.
        delay: seconds from a mutation's own time to its visibility; with 0 no clock is asked.
        young: the mutations after `snapshot`, in order.
    """

    def __init__(
        self, snapshot: Snapshot, delay: float, clock: Clock, young: Iterable[Step] = ()
    ) -> None:
        self._snapshot = snapshot
        self._delay = delay
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: deque[tuple[float, Step]] = deque()
        for step in young:
            self.add(step)

    @property
    def snapshot(self) -> Snapshot:
        if self._waiting:
            with self._lock:
                self._advance(self._clock())
        return self._snapshot

    def add(self, step: Step) -> None:
        """Take the next mutation; it becomes visible when it is old enough."""
        if not self._delay:
            self._snapshot = self._snapshot.after([step])
            return
        with self._lock:
            now = self._clock()
            # a clock that was set back must not hide writes for longer than the delay
            due = min(step.mutation.time, now) + self._delay
            if self._waiting and self._waiting[-1][0] > due:
                self._waiting = deque((min(earlier, due), each) for earlier, each in self._waiting)
            self._waiting.append((due, step))
            self._advance(now)

    def replace_segment(self, number: int, segment: Segment) -> None:
        """Let a segment be read from another file. Called by the thread that adds."""
        with self._lock:
            kept = self._snapshot
            self._snapshot = replace(kept, values=kept.values.replaced(number, segment))
            self._waiting = deque(
                (due, replace(step, values=step.values.replaced(number, segment)))
                for due, step in self._waiting
            )

    def _advance(self, now: float) -> None:
        steps = []
        while self._waiting and self._waiting[0][0] <= now:
            steps.append(self._waiting.popleft()[1])
        if steps:
            self._snapshot = self._snapshot.after(steps)
