"""Reads everything of an index and holds it against its checksums."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from vecinity.errors import CannotOpen, StorageUnavailable
from vecinity.local import format, store
from vecinity.local.checksum import row_crc
from vecinity.local.files import open_reader
from vecinity.local.rows import Segments, as_bytes
from vecinity.local.settings import IndexSettings


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
    settings = IndexSettings.load(connection)
    last = store.last_mutation(connection)
    files = store.segment_files(connection)
    segments = Segments(
        folder / "rows",
        settings.config.dimensions,
        settings.segment_rows,
        last.rows,
        [(name, checksum is not None) for name, checksum in files],
    )
    try:
        for (name, checksum), segment in zip(files, segments.all, strict=True):
            if checksum is not None and checksum != segment.checksum():
                yield f"rows/{name}: the checksum does not match"
        yield from _check_rows(connection, segments, last)
    finally:
        segments.close()


def _check_rows(
    connection: sqlite3.Connection, segments: Segments, last: store.StoredMutation
) -> Iterator[str]:
    dead = set(store.dead_rows(connection, last.number))
    size = segments.segment_rows
    expected = live = digest = 0
    for row in store.all_rows(connection, 0, last.rows):
        if row.row != expected:
            yield f"row {expected} is missing"
        expected = row.row + 1
        values = segments.all[row.row // size].value(row.row % size)
        crc = row_crc(row.id, row.namespace, row.metadata, row.born, as_bytes(values))
        if crc != row.crc:
            yield f"row {row.row} (id {row.id!r}): the checksum does not match"
        if row.row not in dead:
            live += 1
            digest ^= row.crc
    if (expected, live, digest) != (last.rows, last.live, last.digest):
        yield (
            f"after mutation {last.number} there are {expected} rows, {live} alive, "
            f"digest {digest}; recorded were {last.rows}, {last.live}, {last.digest}"
        )
