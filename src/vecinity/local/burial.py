"""Buries rows that no visible snapshot needs, and forgets their graves when no cursor needs them.

All of it is done in small transactions of the writer's, each of which leaves a correct index.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from vecinity.limits import CURSOR_LIFETIME_SECONDS
from vecinity.local import graves, store
from vecinity.local.readers import Readers
from vecinity.local.visibility import Clock
from vecinity.local.writer import Writer

KEPT_SECONDS = CURSOR_LIFETIME_SECONDS + 60.0
"""How long a grave is kept beyond the visibility delay."""

_ROWS_A_STEP = 4_096
_FORGET_SECONDS = 120.0
_PAGES_A_STEP = 256
_FREE_PAGES = 1_024


class Burial:
    """The dead of one index. One thread at a time works with it, beside the writer.

    Args:
        segment_rows: of the index.
        delay: seconds after which mutations become visible.

    Attributes:
        rows: the numbers of all rows that are buried.
    """

    def __init__(
        self, writer: Writer, readers: Readers, segment_rows: int, delay: float, clock: Clock
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._segment_rows = segment_rows
        self._delay = delay
        self._clock = clock
        self._forget_after = 0.0
        with readers.lend() as connection:
            self.rows = graves.buried(connection, segment_rows)

    def bury(self, mutation: int) -> Iterator[int]:
        """Bury the rows that died at `mutation` or before; each item is how many a step buried.

        The caller made sure that no visible snapshot is older.

        Raises:
            sqlite3.Error, StorageUnavailable: as `Writer.maintain`.
        """
        last = -1
        while rows := self._to_bury(last, mutation):
            self._writer.maintain(
                partial(graves.bury, rows=rows, mutation=mutation, segment_rows=self._segment_rows)
            )
            self.rows.update(rows)
            last = rows[-1]
            yield len(rows)
        self.rows.run_optimize()

    def has_graves(self) -> bool:
        with self._readers.lend() as connection:
            return graves.last_id(connection, "", 2**63 - 1, 1) is not None

    def forget(self) -> Iterator[None]:
        """Forget, once in a while, graves and mutations that no cursor can ask for."""
        now = self._clock()
        if now < self._forget_after:
            return
        with self._readers.lend() as connection:
            old = store.mutation_at(connection, now - self._delay - KEPT_SECONDS)
            mutation = min(old, graves.mark(connection, graves.BURIED))
        after = ""
        while (last := self._last_id(after, mutation)) is not None:
            self._writer.maintain(partial(graves.forget, after=after, last=last, mutation=mutation))
            after = last
            yield
        yield from self._forget_mutations(mutation)
        self._forget_after = now + _FORGET_SECONDS

    def give_back(self) -> Iterator[None]:
        """Return the free pages of the database to the file system if they are many."""
        free, pages = self._free_pages()
        if free < max(_FREE_PAGES, pages // 4):
            return
        while free > pages // 8:
            self._writer.maintain(partial(graves.give_back, pages=_PAGES_A_STEP))
            yield
            free, pages = self._free_pages()

    def _to_bury(self, last: int, mutation: int) -> list[int]:
        with self._readers.lend() as connection:
            return graves.to_bury(connection, last, mutation, _ROWS_A_STEP)

    def _last_id(self, after: str, mutation: int) -> str | None:
        with self._readers.lend() as connection:
            return graves.last_id(connection, after, mutation, _ROWS_A_STEP)

    def _forget_mutations(self, before: int) -> Iterator[None]:
        with self._readers.lend() as connection:
            first = store.first_mutation(connection)
        for end in range(first + _ROWS_A_STEP, before + _ROWS_A_STEP, _ROWS_A_STEP):
            self._writer.maintain(partial(store.forget_mutations, before=min(end, before)))
            yield

    def _free_pages(self) -> tuple[int, int]:
        """The database's free pages, and all its pages."""
        with self._readers.lend() as connection:
            (free,) = connection.execute("PRAGMA freelist_count").fetchone()
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
        return free, pages
