"""What readers see: an immutable snapshot, replaced after each committed mutation."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from pyroaring import BitMap

from vecinity.filters import Condition
from vecinity.local import store
from vecinity.local.columns import Columns
from vecinity.local.rows import Segment, Segments
from vecinity.local.store import StoredMetadataIndex, StoredMutation


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The index after `mutation`: its rows are `live`, all below `mutation.rows`."""

    mutation: StoredMutation
    live: BitMap
    segments: tuple[Segment, ...]
    metadata_indexes: tuple[StoredMetadataIndex, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What a committed mutation did: births (rows from `first_row` on), deaths, or an index.

    `ids` are those that were written or, by a delete, removed.
    """

    mutation: StoredMutation
    first_row: int
    ids: Sequence[str] = ()
    namespaces: Sequence[str | None] = ()
    metadata: Sequence[bytes | None] = ()
    died: Sequence[int] = ()
    created: StoredMetadataIndex | None = None
    dropped: int | None = None


class Follower:
    """Keeps the newest snapshot and the columns. One thread applies, any thread reads."""

    def __init__(
        self, connection: sqlite3.Connection, segments: Segments, string_bytes: int
    ) -> None:
        self._segments = segments
        self._columns = Columns(string_bytes)
        self._lock = threading.Lock()
        self.snapshot = self._load(connection)

    @property
    def namespaces(self) -> int:
        """How many namespaces vectors were ever written to."""
        return len(self._columns.namespaces)

    def has_namespace(self, namespace: str) -> bool:
        return namespace in self._columns.namespaces

    def apply(self, change: Change, connection: sqlite3.Connection) -> None:
        """Publish a mutation that was committed; every later read sees it."""
        before = self.snapshot
        live = before.live
        if change.metadata or change.died:
            births = BitMap(range(change.first_row, change.mutation.rows))
            live = (live | births) - BitMap(change.died)
        indexes = before.metadata_indexes
        with self._lock:
            self._columns.born(change.first_row, change.namespaces, change.metadata)
        if change.created is not None:
            indexes = (*indexes, change.created)
            self._fill(connection, change.created, change.mutation.rows)
        if change.dropped is not None:
            indexes = tuple(index for index in indexes if index.created != change.dropped)
        self.snapshot = Snapshot(change.mutation, live, tuple(self._segments.all), indexes)
        if change.dropped is not None:
            with self._lock:
                self._columns.drop(change.dropped)

    def select(
        self, snapshot: Snapshot, namespace: str | None, conditions: Sequence[Condition]
    ) -> BitMap:
        """The rows of `snapshot` in the namespace that meet all conditions."""
        rows = snapshot.live
        if namespace is None and not conditions:
            return rows
        with self._lock:
            if namespace is not None:
                rows = rows & self._columns.namespaces.rows(namespace)
            return self._columns.select(conditions, snapshot.metadata_indexes, rows)

    def _load(self, connection: sqlite3.Connection) -> Snapshot:
        last = store.last_mutation(connection)
        live = BitMap(range(last.rows)) - BitMap(store.dead_rows(connection))
        for row, namespace in store.namespaces(connection):
            self._columns.namespaces.add(row, namespace)
        indexes = tuple(store.metadata_indexes(connection))
        for index in indexes:
            self._fill(connection, index, last.rows)
        return Snapshot(last, live, tuple(self._segments.all), indexes)

    def _fill(self, connection: sqlite3.Connection, index: StoredMetadataIndex, rows: int) -> None:
        """Build the column of `index` from the rows that were born before."""
        column = self._columns.column(index)
        stored = store.metadata(connection, index.first_row, rows)
        column.add((row, msgspec.json.decode(metadata)) for row, metadata in stored)
        with self._lock:
            self._columns.attach(column)
