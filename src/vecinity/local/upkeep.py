"""When an index gives back the space of its dead, and in which order."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Generator

from vecinity.local.burial import KEPT_SECONDS, Burial
from vecinity.local.compaction import Compaction
from vecinity.local.follower import Follower
from vecinity.local.maintenance import Maintenance
from vecinity.local.readers import Readers
from vecinity.local.rows import Segments
from vecinity.local.store import StoredMutation
from vecinity.local.visibility import Clock
from vecinity.local.writer import Writer

_LONGEST_REST = 0.05
_RETRY_SECONDS = 30.0


class Upkeep:
    """The upkeep of one open index, done by the engine's `maintenance` between its writes.

    Args:
        delay: seconds after which mutations become visible.
    """

    def __init__(
        self,
        maintenance: Maintenance,
        writer: Writer,
        segments: Segments,
        follower: Follower,
        readers: Readers,
        delay: float,
        clock: Clock,
    ) -> None:
        self._maintenance = maintenance
        self._segments = segments
        self._follower = follower
        self._delay = delay
        self._burial = Burial(writer, readers, segments.segment_rows, delay, clock)
        self._compaction = Compaction(writer, segments, follower)
        self._stopped = threading.Event()
        self._not_before = 0.0
        self._to_forget = 0
        if self._compaction.due(self._burial.rows):
            self._maintenance.poke(self, self._run)
        self.look()
        self._look_at_graves()

    def look(self) -> None:
        """Have a round made soon if enough rows are dead. Called after every commit."""
        newest = self._follower.newest
        enough = 1 + self._segments.segment_rows // 8 + newest.live // 16
        if self._dead(newest) < enough:
            return
        visible = self._dead(self._follower.snapshot.mutation) >= enough
        delay = self._not_before - time.monotonic()
        self._maintenance.poke(self, self._run, max(delay, 0.0 if visible else self._delay))

    def close(self) -> None:
        """End the round under way, at the next step."""
        self._stopped.set()
        self._maintenance.cancel(self)

    def _dead(self, mutation: StoredMutation) -> int:
        """How many rows are dead after `mutation` and not buried."""
        return mutation.rows - mutation.live - len(self._burial.rows)

    def _run(self) -> None:
        buried = len(self._burial.rows)
        self._not_before = time.monotonic() + _RETRY_SECONDS
        with contextlib.closing(self._round()) as steps:
            start = time.monotonic()
            for _ in steps:
                # as much time for the writers as was taken from them
                if self._stopped.wait(min(time.monotonic() - start, _LONGEST_REST)):
                    return
                start = time.monotonic()
        self._not_before = 0.0
        if len(self._burial.rows) > buried:
            self.look()
        self._look_at_graves()

    def _round(self) -> Generator[None]:
        snapshot = self._follower.bury()
        for rows in self._burial.bury(snapshot.mutation.number):
            self._to_forget += rows
            yield
        if self._to_forget > snapshot.mutation.live:
            self._follower.renew_columns()
            self._to_forget = 0
        yield from self._compaction.rewrite(self._burial.rows)
        yield from self._burial.forget()
        yield from self._burial.give_back()

    def _look_at_graves(self) -> None:
        if self._burial.has_graves():
            self._maintenance.poke(self, self._run, self._delay + KEPT_SECONDS)
