"""The reading connections of one index."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vecinity.local.files import open_reader

_IDLE = 2


class Readers:
    """Opens connections to the database at `path` as they are needed, and keeps a few.

    Safe for threads; a connection is used by one at a time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []

    @contextmanager
    def use(self) -> Iterator[sqlite3.Connection]:
        """A connection for the time of a few statements, each of which sees the newest commit."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = open_reader(self._path)
        try:
            yield connection
        finally:
            if len(self._idle) < _IDLE:
                self._idle.append(connection)
            else:
                connection.close()

    def close(self) -> None:
        """Close what is idle. The caller makes sure that nothing is in use."""
        for connection in self._idle:
            connection.close()
