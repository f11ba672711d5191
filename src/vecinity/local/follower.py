"""What readers see: the columns of all rows, and the snapshots that committed mutations lead to."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
from pyroaring import BitMap

from vecinity.filters import Condition
from vecinity.local import graves, store
from vecinity.local.columns import Columns
from vecinity.local.rows import Segment, Segments
from vecinity.local.store import StoredMetadataIndex, StoredMutation
from vecinity.local.visibility import Clock, Snapshot, Step, Visibility


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
    """Keeps the snapshots and the columns. One thread applies, any thread reads.

    Args:
        string_bytes: how much of a string a metadata index holds.
        delay: seconds after which a mutation becomes visible.

    Attributes:
        newest: the last committed mutation.
        burying: held while the mark below which rows are buried moves.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        segments: Segments,
        string_bytes: int,
        delay: float,
        clock: Clock,
    ) -> None:
        self._segments = segments
        self._columns = Columns(string_bytes)
        self._lock = threading.Lock()
        self._dropped: deque[tuple[int, int]] = deque()
        self.newest = store.last_mutation(connection)
        self.burying = threading.Lock()
        self._buried = graves.mark(connection, graves.BURIED)
        young = store.young_mutations(connection, clock() - delay) if delay else []
        # with another delay than before, what was buried has become visible already
        young = [mutation for mutation in young if mutation.number > self._buried]
        first, steps = self._load(connection, young)
        self._metadata_indexes = steps[-1].metadata_indexes if steps else first.metadata_indexes
        self._visibility = Visibility(first, delay, clock, steps)

    @property
    def snapshot(self) -> Snapshot:
        """What reads see now."""
        return self._visibility.snapshot

    @property
    def namespaces(self) -> int:
        """How many namespaces the rows that are not buried were written to."""
        return len(self._columns.namespaces)

    def has_namespace(self, namespace: str) -> bool:
        return namespace in self._columns.namespaces

    def apply(self, change: Change, connection: sqlite3.Connection) -> None:
        """Take a mutation that was committed; reads see it at once, or after the delay."""
        with self._lock:
            self._columns.born(change.first_row, change.namespaces, change.metadata)
        if change.created is not None:
            self._metadata_indexes = (*self._metadata_indexes, change.created)
            self._fill(connection, change.created, change.mutation.rows)
        if change.dropped is not None:
            kept = (index for index in self._metadata_indexes if index.created != change.dropped)
            self._metadata_indexes = tuple(kept)
            self._dropped.append((change.mutation.number, change.dropped))
        self.newest = change.mutation
        self._visibility.add(self._step(change.mutation, change.died, self._metadata_indexes))
        self._forget_dropped()

    def bury(self) -> Snapshot:
        """The visible snapshot; from now on rows that it doesn't have may be buried."""
        with self.burying:
            snapshot = self.snapshot
            self._buried = snapshot.mutation.number
            return snapshot

    def is_whole(self, snapshot: Snapshot) -> bool:
        """Whether everything that was read of `snapshot` until now was there."""
        return self._buried <= snapshot.mutation.number

    def forget(self, rows: BitMap) -> Iterator[None]:
        """Drop buried rows from the columns, a part at each step so that readers can go on."""
        parts = self._columns.forget(rows)
        more = True
        while more:
            with self._lock:
                more = next(parts, False)
            yield

    def replace_segment(self, number: int, segment: Segment) -> None:
        """Let a segment be read from another file. Called by the thread that applies."""
        self._visibility.replace_segment(number, segment)

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

    def _step(
        self,
        mutation: StoredMutation,
        died: Sequence[int],
        metadata_indexes: tuple[StoredMetadataIndex, ...],
    ) -> Step:
        return Step(mutation, died, tuple(self._segments.all), metadata_indexes)

    def _forget_dropped(self) -> None:
        """Let go of the columns that no snapshot from now on has."""
        while self._dropped and self._dropped[0][0] <= self.snapshot.mutation.number:
            with self._lock:
                self._columns.drop(self._dropped.popleft()[1])

    def _load(
        self, connection: sqlite3.Connection, young: Sequence[StoredMutation]
    ) -> tuple[Snapshot, list[Step]]:
        """The snapshot before `young`, and the steps from there to the newest mutation."""
        base = self.newest
        if young:
            base = store.mutation(connection, young[0].number - 1) or store.NO_MUTATION
        gone = graves.buried(connection, self._segments.segment_rows)
        gone.update(store.dead_rows(connection, base.number))
        live = BitMap(range(base.rows)) - gone
        died: dict[int, list[int]] = {mutation.number: [] for mutation in young}
        for row, number in store.later_deaths(connection, base.number) if young else ():
            died[number].append(row)
        indexes = store.metadata_indexes(connection, base.number)
        self._load_columns(connection, indexes)
        first = Snapshot(base, live, tuple(self._segments.all), _at(indexes, base))
        steps = [self._step(each, died[each.number], _at(indexes, each)) for each in young]
        return first, steps

    def _load_columns(
        self, connection: sqlite3.Connection, indexes: Sequence[StoredMetadataIndex]
    ) -> None:
        for row, namespace in store.namespaces(connection):
            self._columns.namespaces.add(row, namespace)
        for index in indexes:
            self._fill(connection, index, self.newest.rows)
        dropped = ((each.dropped, each.created) for each in indexes if each.dropped is not None)
        self._dropped.extend(sorted(dropped))

    def _fill(self, connection: sqlite3.Connection, index: StoredMetadataIndex, rows: int) -> None:
        """Build the column of `index` from the rows that were born before."""
        column = self._columns.column(index)
        stored = store.metadata(connection, index.first_row, rows)
        column.add((row, msgspec.json.decode(metadata)) for row, metadata in stored)
        with self._lock:
            self._columns.attach(column)


def _at(
    indexes: Sequence[StoredMetadataIndex], mutation: StoredMutation
) -> tuple[StoredMetadataIndex, ...]:
    return tuple(index for index in indexes if index.is_there(mutation.number))
