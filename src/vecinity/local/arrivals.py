"""How many rows arrive: what comes in a rush is sealed together, not piece by piece."""

from __future__ import annotations

import threading
import time
from collections import deque

_SECONDS = 0.5


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

    @property
    def lately(self) -> int:
        """Rows that arrived within half a second."""
        with self._lock:
            self._forget()
            return self._sum

    def _forget(self) -> None:
        since = time.monotonic() - _SECONDS
        while self._seen and self._seen[0][0] < since:
            self._sum -= self._seen.popleft()[1]
