"""Group commit: whoever comes first commits for all who wait, so that one fsync serves many."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections import deque
from collections.abc import Callable

from vecinity.errors import StorageUnavailable, VectorizeError
from vecinity.limits import Limits
from vecinity.local.follower import Change, Follower
from vecinity.local.mutations import Insert, Mutation, Transaction, Upsert
from vecinity.local.rows import Segments
from vecinity.local.visibility import Clock

_GROUP_VECTORS = 20_000


class _Ticket:
    """A mutation on its way, and what became of it."""

    def __init__(self, mutation: Mutation) -> None:
        self.mutation = mutation
        self.change: Change | None = None
        self.error: VectorizeError | None = None

    @property
    def done(self) -> bool:
        return self.change is not None or self.error is not None

    @property
    def vectors(self) -> int:
        mutation = self.mutation
        return len(mutation.batch) if isinstance(mutation, Insert | Upsert) else 1


class Writer:
    """The one writer of an index: orders mutations, makes them durable, then tells the readers.

    After a failed fsync, or a commit of unknown outcome, it refuses every write until the index is
    opened anew: nobody knows what is on the disk then. Reads go on.
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
        self._waiting: deque[_Ticket] = deque()
        self._commit = threading.Lock()
        self._broken: str | None = None
        self._outcome_unknown = False

    def submit(self, mutation: Mutation) -> Change:
        """Returns what the mutation did when it is durable and, without a delay, visible.

        Raises:
            StorageUnavailable: nothing was changed, or the index is read-only.
            VectorizeError: the mutation is refused.
        """
        ticket = _Ticket(mutation)
        self._waiting.append(ticket)
        with self._commit:
            while not ticket.done:
                self._commit_group(self._next_group())
        if ticket.error is not None:
            raise ticket.error
        assert ticket.change is not None
        return ticket.change

    def maintain(
        self,
        step: Callable[[sqlite3.Connection], None],
        then: Callable[[], None] = lambda: None,
    ) -> None:
        """Commit `step`, which changes no vector, then call `then` before the next commit.

        Raises:
            StorageUnavailable: the index is read-only.
            sqlite3.Error: nothing was changed, unless the index is read-only now.
        """
        with self._commit:
            if self._broken is not None:
                raise StorageUnavailable(f"read-only until reopened: {self._broken}")
            self._outcome_unknown = False
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                step(self._connection)
                self._outcome_unknown = True
                self._connection.execute("COMMIT")
            except BaseException as error:
                self._undo(error, len(self._segments.all))
                raise
            then()

    @property
    def is_broken(self) -> bool:
        """Whether it refuses all writes until the index is opened anew."""
        return self._broken is not None

    def _next_group(self) -> list[_Ticket]:
        group = [self._waiting.popleft()]
        vectors = group[0].vectors
        while self._waiting and vectors + self._waiting[0].vectors <= _GROUP_VECTORS:
            group.append(self._waiting.popleft())
            vectors += group[-1].vectors
        return group

    def _commit_group(self, group: list[_Ticket]) -> None:
        if self._broken is not None:
            self._fail(group, f"read-only until reopened: {self._broken}")
            return
        segments = len(self._segments.all)
        try:
            for ticket, change in self._write(group):
                self._follower.apply(change, self._connection)
                ticket.change = change
        except BaseException as error:
            self._undo(error, segments)
            self._fail(group, str(error))
            if not isinstance(error, OSError | sqlite3.Error):
                raise

    def _write(self, group: list[_Ticket]) -> list[tuple[_Ticket, Change]]:
        self._outcome_unknown = False
        self._connection.execute("BEGIN IMMEDIATE")
        transaction = Transaction(
            self._connection, self._segments, self._follower, self._limits, self._clock
        )
        changes = []
        for ticket in group:
            try:
                changes.append((ticket, transaction.perform(ticket.mutation)))
            except VectorizeError as error:
                ticket.error = error
        self._outcome_unknown = True
        full = transaction.finish()
        self._connection.execute("COMMIT")
        for number in full:
            self._segments.all[number].close()
        return changes

    def _undo(self, error: BaseException, segments: int) -> None:
        if self._outcome_unknown and not _disk_full(error):
            self._broken = str(error) or repr(error)
        with contextlib.suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        self._segments.forget_after(segments)

    def _fail(self, group: list[_Ticket], why: str) -> None:
        for ticket in group:
            if not ticket.done:
                ticket.error = StorageUnavailable(why)


def _disk_full(error: BaseException) -> bool:
    """Whether SQLite had no room for the commit, which is then certain not to have happened."""
    return isinstance(error, sqlite3.Error) and error.sqlite_errorcode == sqlite3.SQLITE_FULL
