"""The truth of one index in SQLite: mutations, rows, deaths, segments, metadata indexes.

Row numbers are permanent: a row is born in one mutation and dies in another, and a snapshot sees
the rows below its row count whose death, if any, came later. Rows that died long enough ago are
buried (`graves`). Statements only; the writer owns the transactions.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, cast

import msgspec

from vecinity.local import graves
from vecinity.model import MetadataType

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE mutations (
    number INTEGER PRIMARY KEY,     -- 1, 2, 3, ... in the order of the writes
    uuid TEXT NOT NULL,
    kind TEXT NOT NULL,
    time REAL NOT NULL,             -- seconds since 1970
    rows INTEGER NOT NULL,          -- rows ever born, this mutation's included
    live INTEGER NOT NULL,          -- vectors alive after it
    digest INTEGER NOT NULL         -- XOR of the crc of every live row after it
);
CREATE TABLE rows (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    namespace TEXT,
    metadata BLOB,                  -- compact JSON
    born INTEGER NOT NULL,          -- mutation number
    crc INTEGER NOT NULL            -- over id, namespace, metadata, born and the float32 values
);
CREATE INDEX rows_by_id ON rows (id, row, crc);   -- all that an upsert needs of older rows
CREATE TABLE deaths (row INTEGER PRIMARY KEY, died INTEGER NOT NULL);
CREATE TABLE graves (               -- of buried rows, which are in neither of the two above
    id TEXT NOT NULL,
    died INTEGER NOT NULL,
    row INTEGER NOT NULL,
    PRIMARY KEY (id, died)
) WITHOUT ROWID;
CREATE TABLE segments (
    segment INTEGER PRIMARY KEY,
    file TEXT,                      -- NULL if no row of it is needed any more
    checksum INTEGER,               -- crc32 of the whole file, once it is full
    presence BLOB,                  -- bitmap of the rows in the file, NULL for all
    buried BLOB                     -- bitmap of its rows that are buried, NULL for none
);
CREATE TABLE metadata_indexes (
    created INTEGER PRIMARY KEY,    -- mutation number
    property TEXT NOT NULL,
    type TEXT NOT NULL,
    first_row INTEGER NOT NULL,     -- rows from here on are filterable
    dropped INTEGER                 -- mutation number
);
"""

_CHUNK = 500
_TOGETHER = 100
_DEAD_ROWS = 1 << 20


class StoredRow(NamedTuple):
    """What SQLite holds of a row."""

    row: int
    id: str
    namespace: str | None
    metadata: bytes | None
    born: int
    crc: int


@dataclass(frozen=True, slots=True)
class StoredMutation:
    number: int
    uuid: str
    time: float
    rows: int
    live: int
    digest: int


@dataclass(frozen=True, slots=True)
class StoredMetadataIndex:
    """A metadata index; it covers the rows from `first_row` on.

    `created` and `dropped` are mutation numbers; `dropped` is None as long as it is there.
    """

    created: int
    property_name: str
    type: MetadataType
    first_row: int
    dropped: int | None = None

    def is_there(self, mutation: int) -> bool:
        """Whether the snapshot at `mutation` has it."""
        return self.created <= mutation and (self.dropped is None or mutation < self.dropped)


NO_MUTATION = StoredMutation(0, "", 0.0, 0, 0, 0)
"""What stands before the first."""


def last_mutation(connection: sqlite3.Connection) -> StoredMutation:
    """The newest mutation; NO_MUTATION if there is none."""
    found = connection.execute(
        "SELECT number, uuid, time, rows, live, digest FROM mutations ORDER BY number DESC LIMIT 1"
    ).fetchone()
    return StoredMutation(*found) if found else NO_MUTATION


def mutation(connection: sqlite3.Connection, number: int) -> StoredMutation | None:
    found = connection.execute(
        "SELECT number, uuid, time, rows, live, digest FROM mutations WHERE number = ?", (number,)
    ).fetchone()
    return StoredMutation(*found) if found else None


def young_mutations(connection: sqlite3.Connection, since: float) -> list[StoredMutation]:
    """The mutations later than `since`, in order."""
    query = "SELECT number, uuid, time, rows, live, digest FROM mutations ORDER BY number DESC"
    newest_first = (StoredMutation(*found) for found in connection.execute(query))
    return list(itertools.takewhile(lambda found: found.time > since, newest_first))[::-1]


def mutation_at(connection: sqlite3.Connection, time: float) -> int:
    """The newest mutation at `time` or before, 0 if none is known. Times never fall."""
    low, high = _known_mutations(connection)
    while low < high:
        middle = (low + high) // 2
        found = mutation(connection, middle)
        if found is not None and found.time <= time:
            low = middle + 1
        else:
            high = middle
    return low - 1


def first_mutation(connection: sqlite3.Connection) -> int:
    """The number of the first mutation that is known, or of the first that will be."""
    first, _ = _known_mutations(connection)
    return first


def forget_mutations(connection: sqlite3.Connection, before: int) -> None:
    """Remove the mutations before `before`."""
    graves.set_mark(connection, graves.FORGOTTEN, before)
    connection.execute("DELETE FROM mutations WHERE number < ?", (before,))


def add_mutation(connection: sqlite3.Connection, kind: str, mutation: StoredMutation) -> None:
    connection.execute(
        "INSERT INTO mutations VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            mutation.number,
            mutation.uuid,
            kind,
            mutation.time,
            mutation.rows,
            mutation.live,
            mutation.digest,
        ),
    )


def newest_rows(
    connection: sqlite3.Connection, ids: Sequence[str], rows: int, mutation: int
) -> dict[str, tuple[int, int]]:
    """The row and crc of each id that is alive in the snapshot of `rows` rows at `mutation`.

    The newest row of an id decides: an older one died when it was born.
    """
    found: dict[str, tuple[int, int]] = {}
    in_order = sorted(ids)  # which is that of the index, so that each of its pages is read once
    for start in range(0, len(ids), _CHUNK):
        chunk = in_order[start : start + _CHUNK]
        places, numbers = connection.execute(
            _newest_rows(len(chunk)), (*chunk, rows, mutation)
        ).fetchone()
        for place, row_and_crc in zip(
            msgspec.json.decode(places), msgspec.json.decode(numbers), strict=True
        ):
            found[chunk[place]] = (row_and_crc >> 32, row_and_crc & 0xFFFF_FFFF)
    return found


@cache
def _newest_rows(count: int) -> str:
    wanted = ", ".join(f"({place}, ?)" for place in range(count))
    # row and crc in one number, since a subquery has one column; LIMIT keeps SQLite from pulling
    # that subquery into each place that uses it, and so from running it twice; all in one answer,
    # since for each one other threads may run, and must be waited for
    return f"""
        WITH wanted (place, id) AS (VALUES {wanted}),
        newest AS (
            SELECT place, (
                SELECT row << 32 | crc FROM rows WHERE rows.id = wanted.id AND row < ?
                ORDER BY row DESC LIMIT 1
            ) AS row_and_crc
            FROM wanted LIMIT -1
        )
        SELECT json_group_array(place), json_group_array(row_and_crc)
        FROM newest LEFT JOIN deaths ON row = row_and_crc >> 32
        WHERE row_and_crc IS NOT NULL AND (died IS NULL OR died > ?)
    """


def add_rows(connection: sqlite3.Connection, rows: Iterable[tuple[object, ...]]) -> None:
    """Insert tuples of (row, id, namespace, metadata, born, crc)."""
    _insert(connection, "rows", 6, list(rows))


def add_deaths(connection: sqlite3.Connection, rows: Iterable[int], died: int) -> None:
    _insert(connection, "deaths", 2, [(row, died) for row in rows])


def _insert(
    connection: sqlite3.Connection, table: str, columns: int, rows: Sequence[tuple[object, ...]]
) -> None:
    """Many rows a statement: each one lets other threads run, and then waits for its turn."""
    whole = len(rows) // _TOGETHER * _TOGETHER
    one = f"({', '.join('?' * columns)})"
    together = f"INSERT INTO {table} VALUES {', '.join([one] * _TOGETHER)}"
    for start in range(0, whole, _TOGETHER):
        connection.execute(
            together, tuple(itertools.chain.from_iterable(rows[start : start + _TOGETHER]))
        )
    connection.executemany(f"INSERT INTO {table} VALUES {one}", rows[whole:])


def _known_mutations(connection: sqlite3.Connection) -> tuple[int, int]:
    """The first known mutation, and one beyond the last."""
    query = "SELECT ifnull(min(number), 1), ifnull(max(number), 0) + 1 FROM mutations"
    first, end = connection.execute(query).fetchone()
    return first, end


def rows_by_number(connection: sqlite3.Connection, rows: Sequence[int]) -> dict[int, StoredRow]:
    found: dict[int, StoredRow] = {}
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        for stored in connection.execute(_by_number(len(chunk)), chunk):
            found[stored[0]] = StoredRow(*stored)
    return found


@cache
def _by_number(count: int) -> str:
    marks = ", ".join("?" * count)
    return f"SELECT row, id, namespace, metadata, born, crc FROM rows WHERE row IN ({marks})"


def all_rows(connection: sqlite3.Connection, first: int, end: int) -> Iterator[StoredRow]:
    """Rows from `first` to before `end`, dead ones too, in order."""
    query = """SELECT row, id, namespace, metadata, born, crc FROM rows
               WHERE row >= ? AND row < ? ORDER BY row"""
    for stored in connection.execute(query, (first, end)):
        yield StoredRow._make(stored)


def births(
    connection: sqlite3.Connection, first: int, end: int
) -> list[tuple[str | None, bytes | None]]:
    """(namespace, metadata) of each row from `first` to before `end`; buried ones have neither."""
    found: list[tuple[str | None, bytes | None]] = [(None, None)] * (end - first)
    query = "SELECT row, namespace, metadata FROM rows WHERE row >= ? AND row < ?"
    for row, namespace, metadata in connection.execute(query, (first, end)):
        found[row - first] = (namespace, metadata)
    return found


def metadata(connection: sqlite3.Connection, first: int, end: int) -> Iterator[tuple[int, bytes]]:
    """(row, metadata) of the rows from `first` to before `end` that have some, in order."""
    return connection.execute(
        """SELECT row, metadata FROM rows
           WHERE row >= ? AND row < ? AND metadata IS NOT NULL ORDER BY row""",
        (first, end),
    )


def dead_rows(connection: sqlite3.Connection, mutation: int) -> Iterator[list[int]]:
    """The rows that the snapshot at `mutation` no longer has, in parts."""
    (last,) = connection.execute("SELECT max(row) FROM deaths").fetchone()
    # one text is several times faster than as many rows of a result
    query = """SELECT '[' || ifnull(group_concat(row), '') || ']' FROM deaths
               WHERE row >= ? AND row < ? AND died <= ?"""
    for start in range(0, 0 if last is None else last + 1, _DEAD_ROWS):
        (rows,) = connection.execute(query, (start, start + _DEAD_ROWS, mutation)).fetchone()
        yield msgspec.json.decode(rows, type=list[int])


def later_deaths(connection: sqlite3.Connection, mutation: int) -> Iterator[tuple[int, int]]:
    """(row, mutation) of every death after `mutation`."""
    return connection.execute("SELECT row, died FROM deaths WHERE died > ?", (mutation,))


def ids_after(
    connection: sqlite3.Connection, after: str | None, rows: int, mutation: int, count: int
) -> list[str]:
    """Up to `count` ids above `after` in byte order, as the snapshot sees them."""
    query = """
        SELECT rows.id FROM rows INDEXED BY rows_by_id LEFT JOIN deaths USING (row)
        WHERE rows.id > ? AND rows.row < ? AND (died IS NULL OR died > ?)
        ORDER BY rows.id LIMIT ?
    """
    after = after or ""
    ids = [found for (found,) in connection.execute(query, (after, rows, mutation, count))]
    # only now: what is buried between the two is seen twice, not missed
    if graves.mark(connection, graves.BURIED) <= mutation:
        return ids
    last = ids[-1] if len(ids) == count else None
    return sorted({*ids, *graves.ids_between(connection, after, last, rows, mutation)})[:count]


def metadata_indexes(connection: sqlite3.Connection, since: int) -> list[StoredMetadataIndex]:
    """Those that were there at the mutation `since` or came later, oldest first."""
    query = """SELECT created, property, type, first_row, dropped FROM metadata_indexes
               WHERE dropped IS NULL OR dropped > ? ORDER BY created"""
    return [
        StoredMetadataIndex(created, property_name, cast(MetadataType, type_), first_row, dropped)
        for created, property_name, type_, first_row, dropped in connection.execute(query, (since,))
    ]


def add_metadata_index(connection: sqlite3.Connection, index: StoredMetadataIndex) -> None:
    connection.execute(
        "INSERT INTO metadata_indexes VALUES (?, ?, ?, ?, NULL)",
        (index.created, index.property_name, index.type, index.first_row),
    )


def drop_metadata_index(connection: sqlite3.Connection, created: int, dropped: int) -> None:
    connection.execute(
        "UPDATE metadata_indexes SET dropped = ? WHERE created = ?", (dropped, created)
    )
