"""What recent filters selected: births only, so that it stays true through deaths and snapshots."""

from __future__ import annotations

import threading
from collections import OrderedDict

from pyroaring import BitMap


class RecentFilters:
    """The least recently used go when all together take too much. Safe for threads.

    Args:
        most_bytes: about how much memory they may take.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[BitMap, int, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: str) -> tuple[BitMap, int]:
        """What `put` was given; nothing, up to row 0, if it is not known. Not to be changed."""
        with self._lock:
            known = self._known.get(key)
            if known is None:
                return BitMap(), 0
            self._known.move_to_end(key)
            return known[:2]

    def put(self, key: str, births: BitMap, end: int) -> None:
        """Keep the rows before `end` that a filter selects."""
        # an array of 2 bytes a row or a bit for each row, whichever is smaller
        size = len(key) + min(2 * len(births), end // 8) + 500
        with self._lock:
            self._forget(key)
            self._known[key] = (births, end, size)
            self._bytes += size
            while self._bytes > self._most_bytes:
                self._forget(next(iter(self._known)))

    def _forget(self, key: str) -> None:
        known = self._known.pop(key, None)
        if known is not None:
            self._bytes -= known[2]
