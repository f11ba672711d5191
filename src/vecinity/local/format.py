"""Format versions: written from day one; data of another version is refused."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from vecinity.errors import CannotOpen

VERSION = 4


class UnknownFormat(CannotOpen):
    """The data was written by a version of this software with another format."""


def check(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the database is new. Raises UnknownFormat if this software can't read it."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version not in (0, VERSION):
        whose = "a newer" if version > VERSION else "an older"
        raise UnknownFormat(
            f"{path} has format {version}, of {whose} version of Vecinity; "
            f"this one reads format {VERSION} only"
        )
    return bool(version == 0)


def stamp(connection: sqlite3.Connection) -> None:
    """Mark the database as of the present format, inside the caller's transaction."""
    connection.execute(f"PRAGMA user_version = {VERSION}")
