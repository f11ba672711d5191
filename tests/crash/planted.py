"""The server with one bug planted: `python planted.py BUG serve ...`. The tests must catch each."""

from __future__ import annotations

import queue
import sqlite3
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from vecinity.cli.main import main
from vecinity.local import index
from vecinity.local.files import RowFile, open_writer
from vecinity.local.follower import Change
from vecinity.local.mutations import Mutation
from vecinity.local.store import StoredMutation
from vecinity.local.writer import Writer

_LATE_SECONDS = 0.05


def ack_before_commit() -> None:
    """A write is answered first and committed, in order, a little later."""
    commit = Writer.submit
    waiting: queue.SimpleQueue[tuple[Writer, Mutation]] = queue.SimpleQueue()

    def work() -> None:
        while True:
            writer, mutation = waiting.get()
            time.sleep(_LATE_SECONDS)
            commit(writer, mutation)

    def submit(self: Writer, mutation: Mutation) -> Change:
        waiting.put((self, mutation))
        return Change(StoredMutation(0, str(uuid.uuid4()), 0.0, 0, 0, 0), 0)

    threading.Thread(target=work, daemon=True).start()
    Writer.submit = submit  # type: ignore[method-assign] # the bug


def no_sync() -> None:
    """Rows are written but never synced."""
    RowFile.sync = lambda self: None  # type: ignore[method-assign] # the bug


def sqlite_normal() -> None:
    """SQLite's log is synced at checkpoints only."""

    def weaker(path: Path, *, create: bool = False) -> sqlite3.Connection:
        connection = open_writer(path, create=create)
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    index.open_writer = weaker  # type: ignore[attr-defined] # the bug


BUGS: dict[str, Callable[[], None]] = {
    "ack_before_commit": ack_before_commit,
    "no_sync": no_sync,
    "sqlite_normal": sqlite_normal,
}

if __name__ == "__main__":
    BUGS[sys.argv.pop(1)]()
    main()
