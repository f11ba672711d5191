"""How fast rows arrive: what comes in a rush is sealed together, not piece by piece."""

from __future__ import annotations

import threading
import time
from collections import deque

_SECONDS = 0.5
_LEAST_SECONDS = 0.05
_BUILD_SECONDS = 0.3
_BUILT_A_SECOND = 100_000
_MOST_ROWS = 1_000_000
_BULK = 20_000


class Arrivals:
    """Rows a second, over the last half second. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: deque[tuple[float, int]] = deque()
        self._sum = 0

    def add(self, rows: int) -> None:
        with self._lock:
            self._seen.append((time.monotonic(), rows))
            self._sum += rows
            self._forget()

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
        building = _BUILD_SECONDS + tail_rows / _BUILT_A_SECOND
        return tail_rows < _MOST_ROWS and self.rate * building > tail_rows

    def _forget(self) -> float:
        now = time.monotonic()
        while self._seen and self._seen[0][0] < now - _SECONDS:
            self._sum -= self._seen.popleft()[1]
        return now
