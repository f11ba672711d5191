"""Brings the columns of an index up when they are first needed, keeps them up to date, saves them.

They come from their file and from the rows that were written since, or from all rows. Writes go on
meanwhile, and so do queries without a filter and a namespace.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from vecinity.errors import StorageUnavailable
from vecinity.local import column_file, store
from vecinity.local.column_file import SavedColumn, SavedColumns
from vecinity.local.column_runs import Sizes
from vecinity.local.column_set import Columns, read
from vecinity.local.files import make_folder
from vecinity.local.properties import Properties
from vecinity.local.readers import Readers
from vecinity.local.store import NO_MUTATION, StoredMetadataIndex, StoredMutation

_CHUNK = 1 << 16
_DUE_ROWS = 50_000
_DUE_PART = 10


@dataclass(frozen=True, slots=True)
class ColumnPlace:
    """Where the columns of an index are, and what they are built from.

    Attributes:
        path: the file that they are saved to; it need not exist.
        uuid: the index's own.
        string_bytes: how much of a string is indexed.
        readers: lends connections to the store.
    """

    path: Path
    uuid: str
    string_bytes: int
    readers: Readers


class ColumnKeeper:
    """The columns of one index. One thread writes, any thread reads or saves.

    Args:
        newest: the mutation that the columns must reach.
        indexes: the metadata indexes that they must cover, those too that only snapshots before
            the newest mutation have.
    """

    def __init__(
        self,
        place: ColumnPlace,
        sizes: Sizes,
        newest: StoredMutation,
        indexes: Iterable[StoredMetadataIndex],
    ) -> None:
        self._place = place
        self._sizes = sizes
        self._newest = newest
        self._opened_rows = newest.rows
        self._wanted = {index.created: index for index in indexes}
        self._columns: Columns | None = None
        self._changing = threading.Lock()
        self._loading = threading.Lock()
        self._saving = threading.Lock()
        self._saved_rows = 0
        self._saved_indexes: set[int] = set()

    @property
    def ready(self) -> Columns:
        """The columns; the first time they are loaded or built, which can take seconds.

        Raises:
            sqlite3.Error, StorageUnavailable: the store is damaged.
        """
        columns = self._columns
        if columns is None:
            with self._loading:
                try:
                    columns = self._columns or self._load()
                except msgspec.DecodeError as error:
                    raise StorageUnavailable(f"metadata is damaged: {error}") from error
        return columns

    def born(
        self,
        mutation: StoredMutation,
        namespaces: Sequence[str | None],
        metadata: Sequence[bytes | None],
    ) -> None:
        """Learn of the rows that `mutation` gave birth to, after all that is known."""
        if self._columns is None and self._newest.rows <= self._sizes.unsaved:
            # so few are read at once, and many more may follow; if it fails, a query tries again
            with contextlib.suppress(OSError, sqlite3.Error, StorageUnavailable):
                _ = self.ready
        with self._changing:
            if self._columns is not None:
                self._columns.born(namespaces, metadata)
            self._newest = mutation

    def create(self, connection: sqlite3.Connection, index: StoredMetadataIndex) -> None:
        """Cover another metadata index, for rows born before too if it does."""
        with self._changing:
            self._wanted[index.created] = index
            if self._columns is not None:
                _fill(self._columns, connection, index)

    def drop(self, created: int) -> None:
        """Let a metadata index go."""
        with self._changing:
            del self._wanted[created]
            if self._columns is not None:
                self._columns.drop(created)

    @property
    def namespaces_at_most(self) -> int:
        """A bound of the number of namespaces, known at once."""
        columns = self._columns
        return self._newest.rows if columns is None else columns.namespaces.at_most

    @property
    def unsaved(self) -> int:
        """How many rows would have to be read again after a restart, as far as is known."""
        columns = self._columns
        if columns is None:
            return self._newest.rows - self._opened_rows
        new = [i for i in self._wanted.copy().values() if i.created not in self._saved_indexes]
        since = min([self._saved_rows, *(index.first_row for index in new)])
        return columns.rows - since

    @property
    def is_due(self) -> bool:
        """Whether so much is unsaved that it is time to."""
        return self.unsaved > max(_DUE_ROWS, self._newest.rows // _DUE_PART)

    def save(self) -> None:
        """Put all that is known into the file; writes wait for milliseconds, reads not at all.

        Columns that were not needed so far are loaded first, while writes go on.

        Raises:
            OSError: the file is as it was.
            sqlite3.Error, StorageUnavailable: the columns can't be built.
        """
        _ = self.ready
        with self._saving:
            columns = self.ready
            with self._changing:
                columns.seal()
                newest = self._newest
                namespaces = columns.namespaces.values.runs
                runs = {column.index: column.values.runs for column in columns.metadata}
            saved = SavedColumns(
                self._place.uuid,
                newest.number,
                newest.uuid,
                newest.rows,
                column_file.packed(namespaces),
                [SavedColumn.of(index, of) for index, of in runs.items()],
            )
            make_folder(self._place.path.parent)
            column_file.save(self._place.path, saved)
            self._saved_rows = newest.rows
            self._saved_indexes = {index.created for index in runs}

    def close(self) -> None:
        """Save what is worth it; a disk that is full, say, only makes the next start slower."""
        if self._columns is not None and self.unsaved > self._sizes.unsaved:
            with contextlib.suppress(OSError):
                self.save()

    def renew(self) -> None:
        """If there are columns, build them anew from the rows: what is buried is in them no more.

        Raises:
            sqlite3.Error, StorageUnavailable: they are as they were.
        """
        if self._columns is not None:
            with self._saving:
                self._load(from_file=False)

    def _load(self, *, from_file: bool = True) -> Columns:
        with self._place.readers.lend() as connection:
            columns = self._from_file(connection) if from_file else None
            columns = columns or Columns(self._place.string_bytes, self._sizes)
            # the most of it while writes go on
            self._catch_up(columns, connection)
            with self._changing:
                self._catch_up(columns, connection)
                self._columns = columns
        return columns

    def _from_file(self, connection: sqlite3.Connection) -> Columns | None:
        """What the file has, if it is of a past of this index."""
        saved = column_file.load(self._place.path)
        if saved is None:
            return None
        then = store.mutation(connection, saved.mutation) if saved.mutation else NO_MUTATION
        if not saved.is_past_of(self._place.uuid, then):
            return None
        rows = saved.rows
        namespaces = column_file.unpacked(saved.namespaces)
        columns = Columns(self._place.string_bytes, self._sizes, rows, namespaces)
        wanted = self._wanted.copy()
        for each in saved.metadata:
            index = wanted.get(each.created)
            if index is not None and each.is_of(index):
                columns.attach(columns.column(index, rows, column_file.unpacked(each.runs)))
                self._saved_indexes.add(index.created)
        self._saved_rows = rows
        return columns

    def _catch_up(self, columns: Columns, connection: sqlite3.Connection) -> None:
        """Bring `columns` to where the writer is, or was when this began."""
        rows, wanted = self._newest.rows, self._wanted.copy()
        for column in columns.metadata:
            if column.index.created not in wanted:
                columns.drop(column.index.created)
        there = {column.index.created for column in columns.metadata}
        for index in wanted.values():
            if index.created not in there:
                _fill(columns, connection, index)
        for start in range(columns.rows, rows, _CHUNK):
            births = store.births(connection, start, min(start + _CHUNK, rows))
            columns.born([name for name, _ in births], [encoded for _, encoded in births])


def _fill(columns: Columns, connection: sqlite3.Connection, index: StoredMetadataIndex) -> None:
    """Add the column of `index`, with the rows that the others know of."""
    column = columns.column(index, min(index.first_row, columns.rows))
    properties = Properties([column.top])
    for start in range(index.first_row, columns.rows, _CHUNK):
        end = min(start + _CHUNK, columns.rows)
        births = store.births(connection, start, end)
        rows, tops = read(properties, start, [encoded for _, encoded in births])
        column.add(end, rows, tops[column.top], many=True)
    columns.attach(column)
