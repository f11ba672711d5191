"""How fast rows arrive: what comes in a rush is sealed together, not piece by piece."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

_SECONDS = 2.0
"""Longer than a pause in which a full segment is synced."""

_LEAST_SECONDS = 0.05
_BUILD_SECONDS = 0.3
_BUILT_A_SECOND = 100_000.0
"""Until a large block was built here."""

_TELLING_ROWS = 50_000
"""What every block takes, however small, hides how fast smaller ones are built."""

_MOST_ROWS = 1_000_000
_BULK = 20_000


class Arrivals:
    """Rows a second, over the last two seconds, and how fast they are sealed. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: deque[tuple[float, int]] = deque()
        self._sum = 0
        self._built_a_second = _BUILT_A_SECOND
        self._under_way = 0
        self._last_end = 0.0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Somebody writes inside the block, however long the disk takes."""
        with self._lock:
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1
                self._last_end = time.monotonic()

    @property
    def quiet_seconds(self) -> float:
        """For how long nobody has written."""
        with self._lock:
            return 0.0 if self._under_way else time.monotonic() - self._last_end

    def add(self, rows: int) -> None:
        with self._lock:
            self._seen.append((time.monotonic(), rows))
            self._sum += rows
            self._forget()

    def built(self, rows: int, seconds: float) -> None:
        """A block of so many rows took so long."""
        if rows >= _TELLING_ROWS:
            self._built_a_second = rows / max(seconds - _BUILD_SECONDS, _LEAST_SECONDS)

    @property
    def rate(self) -> float:
        """Rows a second."""
        with self._lock:
            now = self._forget()
            if not self._seen:
                return 0.0
            return self._sum / max(now - self._seen[0][0], _LEAST_SECONDS)

    @property
    def is_bulk(self) -> bool:
        """Whether somebody loads, rather than keeps something up to date."""
        return self.rate > _BULK

    def is_rush(self, tail_rows: int) -> bool:
        """Whether so many rows would become twice as many while they are sealed.

        One block of all is then built in less time than two. A tail that takes too long to scan is
        never worth waiting for.
        """
        building = _BUILD_SECONDS + tail_rows / self._built_a_second
        return tail_rows < _MOST_ROWS and self.rate * building > tail_rows

    def _forget(self) -> float:
        now = time.monotonic()
        while self._seen and self._seen[0][0] < now - _SECONDS:
            self._sum -= self._seen.popleft()[1]
        return now
