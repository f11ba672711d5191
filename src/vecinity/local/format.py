"""Format versions: written from day one, and an unknown newer one is refused."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from vecinity.errors import CannotOpen

VERSION = 1


class UnknownFormat(CannotOpen):
    """The data was written by a newer version of this software."""


def check(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the database is new. Raises UnknownFormat if this software can't read it."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise UnknownFormat(
            f"{path} has format {version}; this version of Vecinity reads up to {VERSION}"
        )
    return bool(version == 0)


def stamp(connection: sqlite3.Connection) -> None:
    """Mark the database as of the present format, inside the caller's transaction."""
    connection.execute(f"PRAGMA user_version = {VERSION}")
