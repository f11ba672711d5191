"""How fast rows arrive: what comes in a rush is sealed together, not piece by piece."""

from __future__ import annotations

import threading
import time
from collections import deque

_SECONDS = 0.5
_BUILD_SECONDS = 0.3
_BUILT_A_SECOND = 100_000
_MOST_ROWS = 500_000


class Arrivals:
    """Counts the rows of the last half second. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: deque[tuple[float, int]] = deque()
        self._sum = 0

    def add(self, rows: int) -> None:
        with self._lock:
            self._seen.append((time.monotonic(), rows))
            self._sum += rows
            self._forget()

    def is_rush(self, tail_rows: int) -> bool:
        """Whether so many rows would become twice as many while they are sealed.

        One block of all is then built in less time than two. A tail that takes too long to scan is
        never worth waiting for.
        """
        with self._lock:
            self._forget()
            a_second = self._sum / _SECONDS
        building = _BUILD_SECONDS + tail_rows / _BUILT_A_SECOND
        return tail_rows < _MOST_ROWS and a_second * building > tail_rows

    def _forget(self) -> None:
        since = time.monotonic() - _SECONDS
        while self._seen and self._seen[0][0] < since:
            self._sum -= self._seen.popleft()[1]
