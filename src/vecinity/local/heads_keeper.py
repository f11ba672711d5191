"""The heads of an index: which files there are, which are due, and what they tell of rows.

A segment has its heads in a file of its own, so that what is full is written once. Rows that have
none are read from the store.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

from vecinity.local import store
from vecinity.local.blocks import Job
from vecinity.local.files import remove_file
from vecinity.local.heads import DamagedHeads, Heads
from vecinity.local.values import Values
from vecinity.local.visibility import Snapshot

_NEW_SHARE = 1 / 4
_DEAD_SHARE = 1 / 3
_LOOKS = 4
"""So often is looked for what is due while as many rows come as are worth a file."""

_log = logging.getLogger(__name__)


class HeadsKeeper:
    """The heads of one index. Any thread asks; one publishes, and looks what is due.

    Args:
        folder: where the files are; it need not exist. A file that is damaged, or of another past
            than the index's, is removed.
        uuid: the index's own.
        due_rows: so many new rows of a segment are worth a file.
        connection: to the index's store.
    """

    def __init__(
        self,
        folder: Path,
        uuid: str,
        segment_rows: int,
        due_rows: int,
        connection: sqlite3.Connection,
    ) -> None:
        self._segment_rows = segment_rows
        self._due_rows = due_rows
        self._files: dict[int, Heads] = {}
        self._changing = threading.Lock()
        self._looked_at = 0
        for path in folder.iterdir() if folder.is_dir() else ():
            try:
                heads = Heads(path)
                about = heads.about
                if not about.is_past_of(uuid, store.mutation(connection, about.mutation)):
                    raise DamagedHeads(f"{path} is of another past")
                self._add(heads)
            except DamagedHeads as error:
                _log.info("removed: %s", error)
                remove_file(path)

    def may_be_due(self, snapshot: Snapshot) -> bool:
        """Whether so much has changed that `next_job` should look; takes no time."""
        return _changes(snapshot) - self._looked_at >= self._due_rows // _LOOKS

    def next_job(self, snapshot: Snapshot, *, idle: bool) -> Job | None:
        """The heads that should be written next, if any.

        Args:
            idle: nobody writes, so that segments that are not full are worth it too.
        """
        if not self.may_be_due(snapshot):
            return None
        size, rows = self._segment_rows, snapshot.mutation.rows
        for first in range(0, rows if idle else rows // size * size, size):
            end = min(first + size, rows)
            if self._is_due(snapshot, first, end):
                return Job(first, end, snapshot.mutation.number, None, kind="heads")
        if idle:
            self._looked_at = _changes(snapshot)
        return None

    def publish(self, path: Path) -> None:
        """Put new heads to use. Raises DamagedHeads."""
        self._add(Heads(path))

    def drop(self, first: int) -> None:
        """Let the heads of the segment that begins with the row `first` go."""
        heads = self._files.get(first // self._segment_rows)
        if heads is not None:
            self._remove(heads)

    def of(self, rows: Sequence[int], values: Values) -> dict[int, tuple[str, str | None]]:
        """Id and namespace, verified as the row's values are, of those of `rows` with a head."""
        files, size = self._files, self._segment_rows
        found = {}
        for row in rows:
            heads = files.get(row // size)
            if heads is not None:
                try:
                    head = heads.of(row, values.of(row))
                except DamagedHeads as error:
                    _log.warning("removed: %s", error)
                    self._remove(heads)
                else:
                    if head is not None:
                        found[row] = head
        return found

    def _is_due(self, snapshot: Snapshot, first: int, end: int) -> bool:
        live = snapshot.live.range_cardinality(first, end)
        heads = self._files.get(first // self._segment_rows)
        if heads is None:
            return live >= self._due_rows
        count = heads.about.count
        new = snapshot.live.range_cardinality(heads.end, end) if heads.end < end else 0
        is_full = end - first == self._segment_rows
        if new >= (1 if is_full else max(self._due_rows, count * _NEW_SHARE)):
            return True
        return count + new - live > count * _DEAD_SHARE

    def _add(self, heads: Heads) -> None:
        with self._changing:
            self._files = {**self._files, heads.first // self._segment_rows: heads}

    def _remove(self, heads: Heads) -> None:
        with self._changing:
            kept = {number: each for number, each in self._files.items() if each is not heads}
            if len(kept) < len(self._files):
                self._files = kept
                self._looked_at = 0
                remove_file(heads.path)


def _changes(snapshot: Snapshot) -> int:
    """How many rows were born and have died so far."""
    return 2 * snapshot.mutation.rows - snapshot.mutation.live
