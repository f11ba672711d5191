"""What a mutation does to the store, inside a transaction that its caller began."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from vecinity.batch import Batch
from vecinity.errors import IndexFull, MetadataIndexNotFound, TooManyMetadataIndexes
from vecinity.limits import Limits
from vecinity.local import segment_records, store
from vecinity.local.checksum import row_crcs
from vecinity.local.follower import Change, Follower
from vecinity.local.rows import Segments
from vecinity.local.store import StoredMetadataIndex, StoredMutation
from vecinity.local.visibility import Clock
from vecinity.model import MetadataType


@dataclass(frozen=True, slots=True)
class Insert:
    batch: Batch


@dataclass(frozen=True, slots=True)
class Upsert:
    batch: Batch


@dataclass(frozen=True, slots=True)
class Delete:
    ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class CreateMetadataIndex:
    """`backfill`: whether vectors written before become filterable too."""

    property_name: str
    type: MetadataType
    backfill: bool


@dataclass(frozen=True, slots=True)
class DeleteMetadataIndex:
    property_name: str


Mutation: TypeAlias = Insert | Upsert | Delete | CreateMetadataIndex | DeleteMetadataIndex


class Transaction:
    """The mutations of one group commit, each seeing those before it.

    `perform` raises the API's error before it has written anything, so the others can go on.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        segments: Segments,
        follower: Follower,
        limits: Limits,
        clock: Clock,
    ) -> None:
        self._connection = connection
        self._segments = segments
        self._follower = follower
        self._limits = limits
        self._clock = clock
        self._last = follower.newest
        self._first_row = self._last.rows

    def perform(self, mutation: Mutation) -> Change:
        """Write `mutation` and return what it changed. Durable after `finish` and the commit."""
        match mutation:
            case Insert(batch):
                return self._write(batch, replace=False)
            case Upsert(batch):
                return self._write(batch, replace=True)
            case Delete(ids):
                return self._delete(ids)
            case CreateMetadataIndex():
                return self._create_metadata_index(mutation)
            case DeleteMetadataIndex(property_name):
                return self._delete_metadata_index(property_name)

    def finish(self) -> list[int]:
        """Sync the rows, record the checksums of segments now full, and return their numbers."""
        self._segments.sync()
        size = self._segments.segment_rows
        full = list(range(self._first_row // size, self._last.rows // size))
        for number in full:
            checksum = self._segments.all[number].checksum()
            segment_records.seal(self._connection, number, checksum)
        return full

    def _write(self, batch: Batch, *, replace: bool) -> Change:
        found = self._living(batch.ids)
        positions: dict[str, int] = {}
        for position, vector_id in enumerate(batch.ids):
            if replace or (vector_id not in positions and vector_id not in found):
                positions[vector_id] = position
        batch = _subset(batch, sorted(positions.values()))
        died = found if replace else {}
        self._check_room(batch, len(batch) - len(died))
        before = self._last
        born = before.number + 1
        crcs = row_crcs(batch.ids, batch.namespaces, batch.metadata, born, batch.values)
        dead = sorted(row for row, _ in died.values())
        rows = range(before.rows, before.rows + len(batch))
        for segment, file in self._segments.append(before.rows, batch.values):
            segment_records.add(self._connection, segment, file)
        store.add_deaths(self._connection, dead, born)
        births = zip(
            rows, batch.ids, batch.namespaces, batch.metadata, [born] * len(rows), crcs, strict=True
        )
        store.add_rows(self._connection, births)
        kind = "upsert" if replace else "insert"
        mutation = self._record(kind, crcs, [crc for _, crc in died.values()])
        return Change(mutation, before.rows, batch.ids, batch.namespaces, batch.metadata, dead)

    def _delete(self, ids: Sequence[str]) -> Change:
        found = self._living(ids)
        died = sorted(row for row, _ in found.values())
        store.add_deaths(self._connection, died, self._last.number + 1)
        mutation = self._record("delete", [], [crc for _, crc in found.values()])
        removed = [vector_id for vector_id in dict.fromkeys(ids) if vector_id in found]
        return Change(mutation, mutation.rows, removed, died=died)

    def _create_metadata_index(self, wanted: CreateMetadataIndex) -> Change:
        existing = store.metadata_indexes(self._connection, self._last.number)
        if any(index.property_name == wanted.property_name for index in existing):
            mutation = self._record("create-metadata-index", [], [])
            return Change(mutation, mutation.rows)
        if len(existing) >= self._limits.metadata_indexes:
            raise TooManyMetadataIndexes(self._limits.metadata_indexes)
        first_row = 0 if wanted.backfill else self._last.rows
        mutation = self._record("create-metadata-index", [], [])
        created = StoredMetadataIndex(mutation.number, wanted.property_name, wanted.type, first_row)
        store.add_metadata_index(self._connection, created)
        return Change(mutation, mutation.rows, created=created)

    def _delete_metadata_index(self, property_name: str) -> Change:
        for index in store.metadata_indexes(self._connection, self._last.number):
            if index.property_name == property_name:
                mutation = self._record("delete-metadata-index", [], [])
                store.drop_metadata_index(self._connection, index.created, mutation.number)
                return Change(mutation, mutation.rows, dropped=index.created)
        raise MetadataIndexNotFound(property_name)

    def _living(self, ids: Sequence[str]) -> dict[str, tuple[int, int]]:
        if not self._last.live:
            return {}
        return store.newest_rows(self._connection, ids, self._last.rows, self._last.number)

    def _check_room(self, batch: Batch, more: int) -> None:
        if self._last.live + more > self._limits.vectors_per_index:
            raise IndexFull("vector", self._limits.vectors_per_index)
        most = self._limits.namespaces_per_index
        follower = self._follower
        if follower.namespaces_at_most + len(batch) > most:
            new = {n for n in batch.namespaces if n is not None and not follower.has_namespace(n)}
            if follower.namespaces + len(new) > most:
                raise IndexFull("namespace", most)

    def _record(self, kind: str, born: Sequence[int], died: Sequence[int]) -> StoredMutation:
        last = self._last
        digest = last.digest
        for crc in (*born, *died):
            digest ^= crc
        self._last = StoredMutation(
            last.number + 1,
            str(uuid.uuid4()),
            max(self._clock(), last.time),
            last.rows + len(born),
            last.live + len(born) - len(died),
            digest,
        )
        store.add_mutation(self._connection, kind, self._last)
        return self._last


def _subset(batch: Batch, positions: list[int]) -> Batch:
    if len(positions) == len(batch):
        return batch
    return Batch(
        [batch.ids[n] for n in positions],
        batch.values[positions],
        [batch.namespaces[n] for n in positions],
        [batch.metadata[n] for n in positions],
    )
