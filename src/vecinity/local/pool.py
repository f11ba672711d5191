"""Keeps the indexes in use open, and some hundreds more; the least recently used are closed."""

from __future__ import annotations

import contextlib
import resource
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator

from vecinity.errors import StorageUnavailable
from vecinity.local.index import OpenIndex

_FILES_AN_INDEX = 10
_MOST_OPEN = 400


class _Slot:
    """An index that is open, being opened, or about to be."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users = 0
        self.index: OpenIndex | None = None


class IndexPool:
    """Open indexes by uuid. Safe for threads.

    Args:
        open_index: opens the index of a uuid, or raises.
        capacity: how many stay open when idle; by default what the process's file limit allows.
    """

    def __init__(self, open_index: Callable[[str], OpenIndex], capacity: int | None = None) -> None:
        self._open_index = open_index
        self._capacity = capacity or _default_capacity()
        self._slots: OrderedDict[str, _Slot] = OrderedDict()
        self._lock = threading.Lock()  # every query takes it, which a Condition makes slower
        self._changed = threading.Condition(self._lock)
        self._awaited = 0
        self._closed = False

    @contextlib.contextmanager
    def use(self, uuid: str) -> Iterator[OpenIndex]:
        """The open index, which stays open inside the block."""
        index = self.take(uuid)
        try:
            yield index
        finally:
            self.give_back(uuid)

    def take(self, uuid: str) -> OpenIndex:
        """The open index, which stays open until it is given back.

        Raises:
            StorageUnavailable: after `close_all`; the directory may be another process's by then.
        """
        with self._lock:
            if self._closed:
                raise StorageUnavailable("the database is closed")
            slot = self._slots.get(uuid)
            if slot is None:
                slot = self._slots[uuid] = _Slot()
            self._slots.move_to_end(uuid)
            slot.users += 1
        return slot.index or self._opened(uuid, slot)

    def give_back(self, uuid: str) -> None:
        """What was taken is not used any more."""
        with self._lock:
            self._slots[uuid].users -= 1
            idle = self._surplus()
            if self._awaited:
                self._changed.notify_all()
        for index in idle:
            index.close()

    def open_indexes(self) -> list[OpenIndex]:
        """Those that are open now; they may close at any time."""
        with self._lock:
            return [slot.index for slot in self._slots.values() if slot.index is not None]

    def close(self, uuid: str) -> None:
        """Close one index as soon as nobody uses it."""
        with self._lock:
            slot = self._slots.get(uuid)
            if slot is None:
                return
            self._awaited += 1
            self._changed.wait_for(lambda: slot.users == 0)
            self._awaited -= 1
            self._slots.pop(uuid, None)
        if slot.index is not None:
            slot.index.close()
            slot.index = None

    def close_all(self) -> None:
        """Close every index as soon as nobody uses it, and open none any more."""
        with self._lock:
            self._closed = True
        for uuid in list(self._slots):
            self.close(uuid)

    def _opened(self, uuid: str, slot: _Slot) -> OpenIndex:
        with contextlib.ExitStack() as undo:
            undo.callback(self.give_back, uuid)
            with slot.lock:
                if slot.index is None:
                    slot.index = self._open_index(uuid)
            undo.pop_all()
            return slot.index

    def _surplus(self) -> list[OpenIndex]:
        """Take out the idle indexes over capacity, the least recently used first."""
        over = len(self._slots) - self._capacity
        if over <= 0:
            return []
        idle = [uuid for uuid, slot in self._slots.items() if slot.users == 0][:over]
        indexes = [self._slots.pop(uuid).index for uuid in idle]
        return [index for index in indexes if index is not None]


def _default_capacity() -> int:
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(8, min(_MOST_OPEN, files // 2 // _FILES_AN_INDEX))
