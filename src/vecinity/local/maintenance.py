"""One thread of an engine that does, one after the other, what can wait."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable
from typing import TypeAlias

_log = logging.getLogger(__name__)

Work: TypeAlias = Callable[[], None]


class Maintenance:
    """Work by key; each key has at most one piece of work waiting. Safe for threads.

    The thread starts with the first work. What work raises is logged.
    """

    def __init__(self) -> None:
        self._waiting: dict[Hashable, tuple[float, Work]] = {}
        self._running: Hashable = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def poke(self, key: Hashable, work: Work, delay: float = 0.0) -> None:
        """Have `work` done, `delay` seconds from now or as soon as the thread comes to it.

        Work that waits under the same key is replaced, and the earlier time holds.
        """
        due = time.monotonic() + delay
        with self._changed:
            if self._closed:
                return
            if key in self._waiting:
                due = min(due, self._waiting[key][0])
            self._waiting[key] = (due, work)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="maintenance", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def cancel(self, key: Hashable) -> None:
        """Drop the work of `key`; if it runs, return when it has ended."""
        with self._changed:
            self._waiting.pop(key, None)
            self._changed.wait_for(lambda: self._running != key)
            # it may have poked itself
            self._waiting.pop(key, None)

    def wait(self, key: Hashable) -> None:
        """Return when no work of `key` is due or runs."""
        with self._changed:
            self._changed.wait_for(lambda: self._running != key and not self._is_due(key))

    def close(self) -> None:
        """End the thread after the work that it is at."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _is_due(self, key: Hashable) -> bool:
        return key in self._waiting and self._waiting[key][0] <= time.monotonic()

    def _run(self) -> None:
        while (work := self._next()) is not None:
            try:
                work()
            except Exception:  # noqa: BLE001 - one index must not end the upkeep of the others
                _log.exception("maintenance of %s failed", self._running)
            with self._changed:
                self._running = None
                self._changed.notify_all()

    def _next(self) -> Work | None:
        """Wait for what is due first and take it; None when closed."""
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                key = min(self._waiting, key=lambda key: self._waiting[key][0], default=None)
                if key is not None and self._waiting[key][0] <= now:
                    self._running = key
                    return self._waiting.pop(key)[1]
                self._changed.wait(None if key is None else self._waiting[key][0] - now)
        return None
