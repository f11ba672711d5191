"""What SQLite keeps of rows that are needed no more: their numbers, and for a while their ids.

A dead row that no visible snapshot needs is buried: its id and its death become a grave, for
listings that began before the death; all else of it goes. Graves are forgotten when no cursor can
ask for them. Statements only, as in `store`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import groupby

from pyroaring import BitMap

BURIED = "buried"
"""The mark below which rows that died may be buried: no earlier snapshot is whole."""
FORGOTTEN = "forgotten"
"""The mark below which graves may be forgotten: no earlier snapshot can be listed."""


def mark(connection: sqlite3.Connection, name: str) -> int:
    """The mutation number at which a mark stands; 0 at first."""
    found = connection.execute("SELECT value FROM meta WHERE key = ?", (name,)).fetchone()
    return int(found[0]) if found else 0


def set_mark(connection: sqlite3.Connection, name: str, mutation: int) -> None:
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, str(mutation)))


def buried(connection: sqlite3.Connection, segment_rows: int) -> BitMap:
    """The numbers of all rows that are buried."""
    query = "SELECT segment, buried FROM segments WHERE buried IS NOT NULL"
    found = BitMap()
    for segment, rows in connection.execute(query):
        found |= BitMap.deserialize(rows).shift(segment * segment_rows)
    return found


def to_bury(connection: sqlite3.Connection, after: int, mutation: int, count: int) -> list[int]:
    """Up to `count` row numbers above `after` that died at `mutation` or before, in order."""
    query = "SELECT row FROM deaths WHERE row > ? AND died <= ? ORDER BY row LIMIT ?"
    return [row for (row,) in connection.execute(query, (after, mutation, count))]


def bury(
    connection: sqlite3.Connection, rows: Sequence[int], mutation: int, segment_rows: int
) -> None:
    """Bury `rows`: consecutive ones of those that died at `mutation` or before."""
    set_mark(connection, BURIED, mutation)
    which = "row >= ? AND row <= ? AND died <= ?"
    span = (rows[0], rows[-1], mutation)
    connection.execute(
        f"""INSERT INTO graves
            SELECT id, died, row FROM deaths CROSS JOIN rows USING (row) WHERE {which}""",
        span,
    )
    connection.execute(
        f"DELETE FROM rows WHERE row IN (SELECT row FROM deaths WHERE {which})", span
    )
    connection.execute(f"DELETE FROM deaths WHERE {which}", span)
    for segment, some in groupby(rows, lambda row: row // segment_rows):
        _add_buried(connection, segment, BitMap(row % segment_rows for row in some))


def ids_between(
    connection: sqlite3.Connection, after: str, last: str | None, rows: int, mutation: int
) -> Iterator[str]:
    """The ids above `after` and up to `last` of buried rows that the snapshot still has."""
    until = "" if last is None else "AND id <= ?"
    query = f"SELECT id FROM graves WHERE died > ? AND row < ? AND id > ? {until}"
    parameters = (mutation, rows, after) if last is None else (mutation, rows, after, last)
    return (found for (found,) in connection.execute(query, parameters))


def last_id(connection: sqlite3.Connection, after: str, mutation: int, count: int) -> str | None:
    """The last id of the first `count` graves above `after` that are as old as `mutation`."""
    query = """SELECT max(id) FROM
               (SELECT id FROM graves WHERE id > ? AND died <= ? ORDER BY id LIMIT ?)"""
    (found,) = connection.execute(query, (after, mutation, count)).fetchone()
    return None if found is None else str(found)


def forget(connection: sqlite3.Connection, after: str, last: str, mutation: int) -> None:
    """Remove the graves of ids above `after` and up to `last` that are as old as `mutation`."""
    set_mark(connection, FORGOTTEN, mutation)
    connection.execute(
        "DELETE FROM graves WHERE id > ? AND id <= ? AND died <= ?", (after, last, mutation)
    )


def _add_buried(connection: sqlite3.Connection, segment: int, rows: BitMap) -> None:
    query = "SELECT buried FROM segments WHERE segment = ?"
    (before,) = connection.execute(query, (segment,)).fetchone()
    if before is not None:
        rows |= BitMap.deserialize(before)
    rows.run_optimize()
    connection.execute(
        "UPDATE segments SET buried = ? WHERE segment = ?", (rows.serialize(), segment)
    )


def give_back(connection: sqlite3.Connection, pages: int) -> None:
    """Shorten the database by up to `pages` of its free pages, within a transaction."""
    connection.execute(f"PRAGMA incremental_vacuum({pages})").fetchall()
