"""What SQLite holds of the segments: their files, and which rows are in them. Statements only."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from pyroaring import BitMap


@dataclass(frozen=True, slots=True)
class StoredSegment:
    """A segment: `present` are the numbers within it of the rows in `file`, None if all are.

    `file` is None if no row of it is needed; `checksum` is None as long as it isn't full.
    """

    file: str | None
    checksum: int | None
    present: BitMap | None


def load(connection: sqlite3.Connection) -> list[StoredSegment]:
    """All segments by number, from 0 without gaps."""
    query = "SELECT file, checksum, presence FROM segments ORDER BY segment"
    return [
        StoredSegment(file, checksum, None if presence is None else BitMap.deserialize(presence))
        for file, checksum, presence in connection.execute(query)
    ]


def add(connection: sqlite3.Connection, number: int, file: str) -> None:
    connection.execute("INSERT INTO segments (segment, file) VALUES (?, ?)", (number, file))


def seal(connection: sqlite3.Connection, number: int, checksum: int) -> None:
    connection.execute("UPDATE segments SET checksum = ? WHERE segment = ?", (checksum, number))


def replace(connection: sqlite3.Connection, number: int, segment: StoredSegment) -> None:
    presence = None if segment.present is None else segment.present.serialize()
    connection.execute(
        "UPDATE segments SET file = ?, checksum = ?, presence = ? WHERE segment = ?",
        (segment.file, segment.checksum, presence, number),
    )
