"""The engine's thread for derived files: it has them built, puts them to use, saves columns."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from vecinity.errors import VectorizeError
from vecinity.local.block import DamagedBlock
from vecinity.local.blocks import Job
from vecinity.local.builder import Builder, BuildFailed
from vecinity.local.heads import DamagedHeads
from vecinity.local.index import OpenIndex

IDLE_SECONDS = 0.25
"""After so long without a write a short tail is sealed too."""

_REST_SECONDS = 5.0
_RETRY_SECONDS = 10.0
_FAILURES = (VectorizeError, OSError, sqlite3.Error, BuildFailed, DamagedBlock, DamagedHeads)

_log = logging.getLogger(__name__)


class Background:
    """Looks after the indexes that it was told of. All methods may be called from any thread.

    Args:
        use: opens the index of a uuid and keeps it open inside the block.
    """

    def __init__(self, use: Callable[[str], AbstractContextManager[OpenIndex]]) -> None:
        self._use = use
        self._builder = Builder()
        self._changed = threading.Condition()
        self._due: dict[str, float] = {}
        self._at_work: str | None = None
        self._hurried: set[str] = set()
        self._given_up: set[str] = set()
        self._closed = False
        self._thread: threading.Thread | None = None

    def poke(self, uuid: str, seconds: float = 0.0) -> None:
        """Look at an index soon, after so many seconds without another call like this."""
        with self._changed:
            if self._closed or uuid in self._given_up:
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="vecinity", daemon=True)
                self._thread.start()
            before = self._due.get(uuid)
            if seconds and before == 0.0:
                return
            self._due[uuid] = time.monotonic() + seconds if seconds else 0.0
            if before is None or not seconds:
                self._changed.notify_all()

    def hurry(self, uuid: str) -> None:
        """Look at an index at once, and do what there is to do as if nobody wrote to it."""
        self._hurried.add(uuid)
        self.poke(uuid)

    def forget(self, uuid: str) -> None:
        """Have nothing to do with an index any more; returns when nothing of it is in use here."""
        with self._changed:
            self._given_up.add(uuid)
            self._hurried.discard(uuid)
            self._due.pop(uuid, None)
            while self._at_work == uuid:
                self._builder.stop()
                self._changed.wait(0.1)

    def close(self) -> None:
        """Stop at once; what was being built is lost."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        while thread is not None and thread.is_alive():
            self._builder.stop()
            thread.join(0.1)
        self._builder.stop()

    def _run(self) -> None:
        while (uuid := self._next()) is not None:
            try:
                again = self._look_after(uuid)
            except _FAILURES as error:
                if not self._closed and uuid not in self._given_up:
                    _log.warning("index %s: derived files were not built: %s", uuid, error)
                again = _RETRY_SECONDS
            with self._changed:
                self._at_work = None
                self._changed.notify_all()
            if again is not None:
                self.poke(uuid, again)

    def _next(self) -> str | None:
        """The index whose turn it is, when it is; None at the end."""
        with self._changed:
            while not self._closed:
                first = min(self._due, key=self._due.__getitem__, default=None)
                if first is None:
                    if not self._changed.wait(_REST_SECONDS):
                        self._builder.stop()
                elif (wait := self._due[first] - time.monotonic()) > 0:
                    self._changed.wait(wait)
                else:
                    del self._due[first]
                    self._at_work = first
                    return first
            return None

    def _look_after(self, uuid: str) -> float | None:
        """Do one piece of work; returns after how many seconds to look again."""
        with self._use(uuid) as index:
            if index.tail_is_full:
                self._builder.start()  # which takes a while, and the tail may be growing
            idle = index.quiet_seconds >= IDLE_SECONDS or uuid in self._hurried
            job = index.next_job(idle=idle)
            if job is not None:
                return self._seal(index, job)
            job = index.next_heads(idle=idle)
            if job is not None:
                index.publish_heads(job, self._builder.build(index.folder, job))
                return 0.0
            if not idle:
                return IDLE_SECONDS
            self._hurried.discard(uuid)
            index.save_columns_if_due()
            return None

    def _seal(self, index: OpenIndex, job: Job) -> float | None:
        start = time.monotonic()
        path = self._builder.build(index.folder, job)
        if path is None:
            return None
        rows, seconds = job.end - job.first, time.monotonic() - start
        index.publish(path, rows, seconds)
        _log.info("index %s: %s rows sealed in %.1f s", index.settings.uuid, f"{rows:,}", seconds)
        return 0.0
