"""Reads everything of an index and holds it against its checksums."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from pyroaring import BitMap

from vecinity.errors import CannotOpen, StorageUnavailable
from vecinity.local import format, graves, segment_records, store
from vecinity.local.checksum import row_crc
from vecinity.local.files import open_reader
from vecinity.local.rows import Segments, open_stored
from vecinity.local.segment_records import StoredSegment
from vecinity.local.settings import IndexSettings

_MOST = 10
"""How many missing rows are named."""


def problems(folder: Path) -> Iterator[str]:
    """What is wrong with the index in `folder`, in words; nothing if all is right."""
    try:
        connection = open_reader(folder / "index.db")
        try:
            format.check(connection, folder / "index.db")
            yield from _check(folder, connection)
        finally:
            connection.close()
    except (sqlite3.Error, StorageUnavailable, CannotOpen, OSError, KeyError) as error:
        yield str(error)


def _check(folder: Path, connection: sqlite3.Connection) -> Iterator[str]:
    for (answer,) in connection.execute("PRAGMA integrity_check(10)"):
        if answer != "ok":
            yield f"index.db: {answer}"
    stored, segments = _open(folder, connection)
    try:
        for each, segment in zip(stored, segments.all, strict=True):
            if each.checksum is not None and each.checksum != segment.checksum():
                yield f"rows/{each.file}: the checksum does not match"
        yield from _check_rows(connection, segments, store.last_mutation(connection))
    finally:
        segments.close()


def _open(folder: Path, connection: sqlite3.Connection) -> tuple[Sequence[StoredSegment], Segments]:
    """Begins a transaction, so that all that follows is of one snapshot."""
    settings = IndexSettings.load(connection)

    def read() -> tuple[int, Sequence[StoredSegment]]:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.execute("BEGIN")
        return store.last_mutation(connection).rows, segment_records.load(connection)

    dimensions = settings.config.dimensions
    segments, stored = open_stored(folder / "rows", dimensions, settings.segment_rows, read)
    return stored, segments


def _check_rows(
    connection: sqlite3.Connection, segments: Segments, last: store.StoredMutation
) -> Iterator[str]:
    size = segments.segment_rows
    dead = BitMap(itertools.chain.from_iterable(store.dead_rows(connection, last.number)))
    missing = BitMap(range(last.rows)) - graves.buried(connection, size)
    live = digest = 0
    for row in store.all_rows(connection, 0, last.rows):
        if row.row not in missing:
            yield f"row {row.row} is buried and still there"
            continue
        missing.remove(row.row)
        values = segments.all[row.row // size].value(row.row % size)
        crc = row_crc(row.id, row.namespace, row.metadata, row.born, values)
        if crc != row.crc:
            yield f"row {row.row} (id {row.id!r}): the checksum does not match"
        if row.row not in dead:
            live += 1
            digest ^= row.crc
    for number in missing[:_MOST]:
        yield f"row {number} is missing"
    if (live, digest) != (last.live, last.digest):
        yield (
            f"after mutation {last.number} there are {live} rows alive, digest {digest}; "
            f"recorded were {last.live}, {last.digest}"
        )
