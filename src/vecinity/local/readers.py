"""Reading connections to the store of one index, a few of which stay open."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vecinity.local.files import open_reader

_IDLE = 2


class Readers:
    """Lends connections to the database at `path`. Safe for threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []

    @contextmanager
    def lend(self) -> Iterator[sqlite3.Connection]:
        """A reading connection for the time of the block."""
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
        """Close what is idle; nothing may be lent."""
        for connection in self._idle:
            connection.close()
