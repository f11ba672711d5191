"""What readers see: the columns of all rows, and the snapshots that committed mutations lead to."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from pyroaring import BitMap

from vecinity.filters import Condition
from vecinity.local import graves, store
from vecinity.local.column_keeper import ColumnKeeper, ColumnPlace
from vecinity.local.column_runs import Sizes
from vecinity.local.rows import Segment, Segments
from vecinity.local.store import StoredMetadataIndex, StoredMutation
from vecinity.local.values import Values
from vecinity.local.visibility import Clock, Snapshot, Step, Visibility

SIZES = Sizes()


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
        columns: where the columns are, and what they are built from.
        delay: seconds after which a mutation becomes visible.

    Attributes:
        newest: the last committed mutation.
        burying: held while the mark below which rows are buried moves.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        segments: Segments,
        columns: ColumnPlace,
        delay: float,
        clock: Clock,
    ) -> None:
        self._segments = segments
        self._place = columns
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
        """How many namespaces rows that the columns know are in. For the thread that applies."""
        return len(self._columns.ready.namespaces)

    @property
    def namespaces_at_most(self) -> int:
        """A bound of `namespaces` that costs nothing."""
        return self._columns.namespaces_at_most

    def has_namespace(self, namespace: str) -> bool:
        """Whether a vector was ever written to it. For the thread that applies."""
        return namespace in self._columns.ready.namespaces

    @property
    def columns_are_due(self) -> bool:
        """Whether `save_columns` would spare much work after a restart."""
        return self._columns.is_due

    def save_columns(self) -> None:
        """Write the columns to their file, in any thread. See `ColumnKeeper.save`.

        Raises:
            OSError, sqlite3.Error, StorageUnavailable: the file is as it was.
        """
        self._columns.save()

    def close(self) -> None:
        """Save the columns if that is worth a file."""
        self._columns.close()

    def apply(self, change: Change, connection: sqlite3.Connection) -> None:
        """Take a mutation that was committed; reads see it at once, or after the delay."""
        self._columns.born(change.mutation, change.namespaces, change.metadata)
        if change.created is not None:
            self._metadata_indexes = (*self._metadata_indexes, change.created)
            self._columns.create(connection, change.created)
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

    def renew_columns(self) -> None:
        """Build the columns anew, without what is buried, while reads and writes go on.

        Raises:
            sqlite3.Error, StorageUnavailable: they are as they were.
        """
        self._columns.renew()

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
        columns = self._columns.ready
        if namespace is not None:
            rows = columns.namespaces.rows(namespace) & rows
        return columns.select(conditions, snapshot.metadata_indexes, rows)

    def _step(
        self,
        mutation: StoredMutation,
        died: Sequence[int],
        metadata_indexes: tuple[StoredMetadataIndex, ...],
    ) -> Step:
        return Step(mutation, died, self._values(), metadata_indexes)

    def _values(self) -> Values:
        return Values(self._segments.all, self._segments.segment_rows)

    def _forget_dropped(self) -> None:
        """Let go of the columns that no snapshot from now on has."""
        while self._dropped and self._dropped[0][0] <= self.snapshot.mutation.number:
            self._columns.drop(self._dropped.popleft()[1])

    def _load(
        self, connection: sqlite3.Connection, young: Sequence[StoredMutation]
    ) -> tuple[Snapshot, list[Step]]:
        """The snapshot before `young`, and the steps from there to the newest mutation."""
        base = self.newest
        if young:
            base = store.mutation(connection, young[0].number - 1) or store.NO_MUTATION
        live = BitMap(range(base.rows)) - graves.buried(connection, self._segments.segment_rows)
        for rows in store.dead_rows(connection, base.number):
            live -= BitMap(rows)
        died: dict[int, list[int]] = {mutation.number: [] for mutation in young}
        for row, number in store.later_deaths(connection, base.number) if young else ():
            died[number].append(row)
        indexes = store.metadata_indexes(connection, base.number)
        self._columns = ColumnKeeper(self._place, SIZES, self.newest, indexes)
        dropped = ((each.dropped, each.created) for each in indexes if each.dropped is not None)
        self._dropped = deque(sorted(dropped))
        first = Snapshot(base, live, self._values(), _at(indexes, base))
        steps = [self._step(each, died[each.number], _at(indexes, each)) for each in young]
        return first, steps


def _at(
    indexes: Sequence[StoredMetadataIndex], mutation: StoredMutation
) -> tuple[StoredMetadataIndex, ...]:
    return tuple(index for index in indexes if index.is_there(mutation.number))
