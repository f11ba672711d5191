"""One open index: reads from the newest snapshot, writes through the writer."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from vecinity.errors import StorageUnavailable
from vecinity.limits import CURSOR_LIFETIME_SECONDS, DEFAULT_RECALL, PRECISE_RECALL
from vecinity.local import block, format, scan, segment_records, store
from vecinity.local import cursor as cursors
from vecinity.local.arrivals import Arrivals
from vecinity.local.bits import RecentBits
from vecinity.local.blocks import IDLE_TAIL_ROWS, TAIL_ROWS, Blocks, Job, load_all
from vecinity.local.checksum import row_crc
from vecinity.local.column_keeper import ColumnPlace
from vecinity.local.columns import indexed_only
from vecinity.local.cursor import Cursor
from vecinity.local.files import make_folder, open_writer, remove_file, sync_folder
from vecinity.local.follower import Change, Follower
from vecinity.local.heads_keeper import HeadsKeeper
from vecinity.local.maintenance import Maintenance
from vecinity.local.norms import Norms
from vecinity.local.question import Question
from vecinity.local.readers import Readers
from vecinity.local.rows import RowNumbers, Segments
from vecinity.local.search import nearest
from vecinity.local.settings import IndexSettings
from vecinity.local.store import StoredRow
from vecinity.local.tail import Tail
from vecinity.local.upkeep import Upkeep
from vecinity.local.visibility import Clock, Snapshot
from vecinity.local.writer import Writer
from vecinity.metric import FloatArray
from vecinity.model import IndexInfo, Match, MetadataIndex, Vector, VectorPage, to_json
from vecinity.query import QueryOptions

if TYPE_CHECKING:
    from pyroaring import BitMap

    from vecinity.limits import Limits
    from vecinity.local.mutations import Mutation

_CODED_TAIL = 4
"""A tail may grow so many times as large when it has codes: they are searched like a block's, and
fewer and larger blocks take less time to build, and to search."""

_Found = TypeVar("_Found")


def create(folder: Path, settings: IndexSettings) -> None:
    """Make an empty index in `folder`; durable on return. A leftover there is completed."""
    make_folder(folder / "rows")
    connection = open_writer(folder / "index.db", create=True)
    try:
        if format.check(connection, folder / "index.db"):
            connection.execute("BEGIN IMMEDIATE")
            for statement in store.SCHEMA.split(";"):
                connection.execute(statement)
            settings.save(connection)
            format.stamp(connection)
            connection.execute("COMMIT")
    finally:
        connection.close()
    sync_folder(folder)


class OpenIndex:
    """The files, connections and derived structures of one index.

    Args:
        folder: as `create` made it.
        limits: of the server or library; what is stored with the index is in its settings.
        cursor_key: what list cursors are signed with.
        maintenance: does what can wait.
        visibility_delay: seconds after which a mutation is visible.
        clock: tells a mutation's time and a cursor's end.
        recall_target: the share of the nearest that a query finds unless it, or the index, says
            otherwise.
        tail_rows: how many rows without codes are sealed in a block.

    Raises:
        UnknownFormat, StorageUnavailable
    """

    def __init__(
        self,
        folder: Path,
        limits: Limits,
        cursor_key: bytes,
        maintenance: Maintenance,
        *,
        visibility_delay: float = 0.0,
        clock: Clock = time.time,
        recall_target: float = DEFAULT_RECALL,
        tail_rows: int = TAIL_ROWS,
    ) -> None:
        self.folder = folder
        self._arrivals = Arrivals()
        self._tail_rows = tail_rows
        self._cursor_key = cursor_key
        self._clock = clock
        self._readers = Readers(folder / "index.db")
        self._connection = open_writer(folder / "index.db")
        format.check(self._connection, folder / "index.db")
        self.settings = IndexSettings.load(self._connection)
        self._recall_target = self.settings.config.recall_target or recall_target
        last = store.last_mutation(self._connection)
        self._segments = Segments(
            folder / "rows",
            self.settings.config.dimensions,
            self.settings.segment_rows,
            last.rows,
            segment_records.load(self._connection),
        )
        self._segments.remove_leftovers()
        delay = 0.0 if self.settings.is_synchronous else visibility_delay
        self._follower = Follower(
            self._connection,
            self._segments,
            ColumnPlace(
                folder / "derived" / "columns",
                self.settings.uuid,
                self.settings.indexed_string_bytes,
                self._readers,
            ),
            delay,
            clock,
        )
        self._norms = Norms()
        self._alive = RecentBits()
        self._blocks = load_all(folder / "derived" / "blocks", self.settings.uuid, last.rows)
        self._searched = self._blocks
        self._tail: Tail | None = None
        self._coding = threading.Lock()
        self._heads = HeadsKeeper(
            folder / "derived" / "heads",
            self.settings.uuid,
            self.settings.segment_rows,
            tail_rows,
            self._connection,
        )
        kept = self.settings.limits(limits)
        self._writer = Writer(self._connection, self._segments, self._follower, kept, clock)
        self._upkeep = Upkeep(
            maintenance,
            self._writer,
            self._segments,
            self._follower,
            self._readers,
            delay,
            clock,
        )

    def submit(self, mutation: Mutation) -> Change:
        """See `Writer.submit`."""
        with self._arrivals.writing():
            change = self._writer.submit(mutation)
        self._arrivals.add(change.mutation.rows - change.first_row)
        self._upkeep.look()
        # what is loaded in bulk is sealed as soon
        if not self._arrivals.is_bulk and self._coding.acquire(blocking=False):
            try:
                self._code_tail(self._tail_rows)
            finally:
                self._coding.release()
        return change

    @property
    def quiet_seconds(self) -> float:
        """For how long nobody has written."""
        return self._arrivals.quiet_seconds

    @property
    def tail_is_full(self) -> bool:
        """Whether there are so many new rows that they should be sealed at once."""
        return self._follower.newest.rows - self._blocks.end >= self._full_tail

    @property
    def waiting(self) -> int:
        """How many live rows the next block takes in; 0 when all is built."""
        job = self.next_job(idle=True)
        return self._follower.snapshot.live.range_cardinality(job.first, job.end) if job else 0

    @property
    def has_work(self) -> bool:
        """Whether derived files should be built or saved when nobody writes."""
        return (
            self.next_job(idle=True) is not None
            or self._follower.columns_are_due
            or self._heads.may_be_due(self._follower.snapshot)
        )

    def next_job(self, *, idle: bool) -> Job | None:
        """The block that should be built next, if any.

        Args:
            idle: nobody writes, so that a short tail is worth a block as well.
        """
        snapshot = self._follower.snapshot
        last = snapshot.mutation
        if not idle and self._arrivals.is_rush(last.rows - self._blocks.end):
            return None
        short = idle and len(self._blocks) > 0
        least = min(IDLE_TAIL_ROWS, self._tail_rows) if short else self._full_tail
        job = self._blocks.next_job(snapshot.live, last.rows, last.number, least, idle=idle)
        if job is not None and not idle and not self._arrivals.is_bulk:
            return replace(job, gentle=True)
        return job

    def next_heads(self, *, idle: bool) -> Job | None:
        """The heads that should be built next, if any; queries are right, and slower, without."""
        return self._heads.next_job(self._follower.snapshot, idle=idle)

    def publish_heads(self, job: Job, path: Path | None) -> None:
        """Put new heads to use; None: there are no rows for them."""
        if path is None:
            self._heads.drop(job.first)
        else:
            self._heads.publish(path)

    def publish(self, path: Path, rows: int, seconds: float) -> None:
        """Put a new block to use, of so many rows and built in so long; remove what it replaces."""
        self._arrivals.built(rows, seconds)
        before = self._blocks
        new = block.load(path, self.settings.uuid)
        with self._coding:
            self._blocks = before.replaced(new)
            self._tail = None
            self._code_tail(_CODED_TAIL * self._tail_rows)
        for old in before.all:
            if old not in self._blocks.all and old.path != path:
                remove_file(old.path)

    def save_columns_if_due(self) -> None:
        """Spare the next opening the work of building the columns; no read or write waits.

        Raises:
            OSError, sqlite3.Error, StorageUnavailable: nothing changed.
        """
        if self._follower.columns_are_due:
            self._follower.save_columns()

    def get_by_ids(self, ids: Sequence[str]) -> list[Vector]:
        return self._on_snapshot(lambda snapshot: self._get_by_ids(snapshot, ids))

    def query(self, vector: FloatArray, options: QueryOptions) -> list[Match]:
        blocks = self._searched  # before the snapshot: later ones lack rows that it may still have
        return self._on_snapshot(
            lambda snapshot: self._query(snapshot, blocks, vector, options, itself=-1)
        )

    def query_by_id(self, vector_id: str, options: QueryOptions) -> list[Match]:
        blocks = self._searched
        return self._on_snapshot(
            lambda snapshot: self._query_by_id(snapshot, blocks, vector_id, options)
        )

    def list_vectors(self, count: int, cursor: str | None) -> VectorPage:
        with self._readers.lend() as connection:
            if cursor is None:
                snapshot = self._follower.snapshot.mutation
                after, expires = None, self._clock() + CURSOR_LIFETIME_SECONDS
            else:
                place = cursors.decode(cursor, self._cursor_key, self.settings.uuid, self._clock())
                after, expires = place.last_id, place.expires
                snapshot = cursors.snapshot(connection, place)
            ids = store.ids_after(connection, after, snapshot.rows, snapshot.number, count + 1)
            cursors.check_listed(connection, snapshot)
        if len(ids) <= count:
            return VectorPage(ids, snapshot.live, None, None)
        ids.pop()
        place = Cursor(self.settings.uuid, snapshot.number, ids[-1], expires)
        following = cursors.encode(place, self._cursor_key)
        return VectorPage(ids, snapshot.live, following, datetime.fromtimestamp(expires, UTC))

    def info(self) -> IndexInfo:
        config = self.settings.config
        last = self._follower.snapshot.mutation
        when = datetime.fromtimestamp(last.time, UTC) if last.number else None
        uuid = last.uuid or None
        return IndexInfo(config.dimensions, config.metric, last.live, when, uuid)

    def list_metadata_indexes(self) -> list[MetadataIndex]:
        snapshot = self._follower.snapshot
        return [
            MetadataIndex(
                index.property_name,
                index.type,
                snapshot.live.range_cardinality(0, index.first_row),
            )
            for index in snapshot.metadata_indexes
        ]

    def close(self) -> None:
        """Let go of all files. The caller makes sure that no call runs any more."""
        self._upkeep.close()
        self._follower.close()
        self._readers.close()
        self._connection.close()
        self._segments.close()

    @property
    def _full_tail(self) -> int:
        """A tail of so many rows should be sealed."""
        uncoded = self._follower.newest.rows - self._searched.end
        return self._tail_rows if uncoded >= self._tail_rows else _CODED_TAIL * self._tail_rows

    def _code_tail(self, most: int) -> None:
        """Put codes of the newest rows to use where that is worth it, of fewer than `most`."""
        blocks = self._blocks
        if self._tail is None:
            self._searched = blocks
            if not len(blocks):
                return
            self._tail = Tail(blocks.end, blocks.largest_first[0])
        snapshot = self._follower.snapshot
        rows = snapshot.mutation.rows
        if self._tail.is_due(rows) and rows - self._searched.end < most:
            with contextlib.suppress(StorageUnavailable):
                coded = self._tail.extended(snapshot)
                if coded is not None:
                    self._searched = blocks.replaced(coded)

    def _on_snapshot(self, read: Callable[[Snapshot], _Found]) -> _Found:
        """What `read` finds on the visible snapshot; once more if part of it was buried meanwhile.

        The second time nothing is: what becomes visible then waits with its dead.
        """
        snapshot = self._follower.snapshot
        try:
            found = read(snapshot)
        except StorageUnavailable:
            if self._follower.is_whole(snapshot):
                raise
        else:
            if self._follower.is_whole(snapshot):
                return found
        with self._follower.burying:
            return read(self._follower.snapshot)

    def _get_by_ids(self, snapshot: Snapshot, ids: Sequence[str]) -> list[Vector]:
        found = self._rows_of_ids(snapshot, ids)
        stored = self._read(snapshot, list(found.values()))
        return [
            Vector(row.id, values.copy(), row.namespace, row.metadata)
            for row, values in (stored[found[wanted]] for wanted in ids if wanted in found)
        ]

    def _query_by_id(
        self, snapshot: Snapshot, blocks: Blocks, vector_id: str, options: QueryOptions
    ) -> list[Match]:
        found = self._rows_of_ids(snapshot, [vector_id])
        if not found:
            return []
        [row] = found.values()
        _, values = self._read(snapshot, [row])[row]
        return self._query(snapshot, blocks, values, options, itself=row)

    def _query(
        self,
        snapshot: Snapshot,
        blocks: Blocks,
        vector: FloatArray,
        options: QueryOptions,
        itself: int,
    ) -> list[Match]:
        candidates = self._candidates(snapshot, options)
        metric = self.settings.config.metric
        recall = options.recall_target or self._recall_target
        if options.return_values:
            recall = max(recall, PRECISE_RECALL)
        rows, scores = nearest(
            Question(
                metric, vector, options.top_k, recall, candidates is not snapshot.live, itself
            ),
            candidates,
            blocks,
            snapshot.values,
            self._norms,
            self._alive,
        )
        return self._matches(snapshot, rows, scores, options)

    def _candidates(self, snapshot: Snapshot, options: QueryOptions) -> BitMap:
        """The rows in the options' namespace that meet their filter."""
        conditions = options.filter.conditions if options.filter else ()
        if not self.settings.scans_metadata:
            return self._follower.select(snapshot, options.namespace, conditions)
        rows = self._follower.select(snapshot, options.namespace, ())
        if not conditions:
            return rows
        with self._readers.lend() as connection:
            return scan.meeting(connection, rows, conditions)

    def _matches(
        self, snapshot: Snapshot, rows: RowNumbers, scores: FloatArray, options: QueryOptions
    ) -> list[Match]:
        numbers = rows.tolist()
        bare = options.return_metadata == "none"
        heads = self._heads.of(numbers, snapshot.values) if bare else {}
        others = [row for row in numbers if row not in heads] if len(heads) < len(numbers) else []
        stored = self._read(snapshot, others) if others else {}
        matches = []
        for number, score in zip(numbers, scores.tolist(), strict=True):
            values = snapshot.values.of(number).copy() if options.return_values else None
            if number in heads:
                vector_id, namespace = heads[number]
                matches.append(Match(vector_id, score, values, namespace))
            else:
                row, _ = stored[number]
                metadata = self._returned_metadata(snapshot, row, options)
                matches.append(Match(row.id, score, values, row.namespace, metadata))
        return matches

    def _returned_metadata(
        self, snapshot: Snapshot, row: StoredRow, options: QueryOptions
    ) -> bytes | None:
        if options.return_metadata == "none" or row.metadata is None:
            return None
        if options.return_metadata == "all":
            return row.metadata
        string_bytes = self.settings.indexed_string_bytes
        kept = indexed_only(row.row, row.metadata, snapshot.metadata_indexes, string_bytes)
        return to_json(kept) if kept else None

    def _rows_of_ids(self, snapshot: Snapshot, ids: Sequence[str]) -> dict[str, int]:
        last = snapshot.mutation
        with self._readers.lend() as connection:
            found = store.newest_rows(connection, ids, last.rows, last.number)
        return {vector_id: row for vector_id, (row, _) in found.items()}

    def _read(
        self, snapshot: Snapshot, rows: Sequence[int]
    ) -> dict[int, tuple[StoredRow, FloatArray]]:
        """Rows with their values, each verified against its crc."""
        with self._readers.lend() as connection:
            stored = store.rows_by_number(connection, rows)
        result = {}
        for number in rows:
            values = snapshot.values.of(number)
            row = stored.get(number)
            if row is None or not _intact(row, values):
                raise StorageUnavailable(
                    f"row {number} of {self.folder} does not match its checksum"
                )
            result[number] = (row, values)
        return result


def _intact(row: StoredRow, values: FloatArray) -> bool:
    crc = row_crc(row.id, row.namespace, row.metadata, row.born, values)
    return crc == row.crc
