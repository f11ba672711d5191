"""The server with small files: `python shrunk.py none|BUG serve ...`, with one bug planted or none.

Segments of 64 rows, and write-ahead logs of 64 pages: a test sees many of them begin and end.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from vecinity.cli.main import main
from vecinity.local import files, index
from vecinity.local.engine import LocalEngine
from vecinity.local.follower import Change
from vecinity.local.mutations import Insert, Mutation, Upsert, _subset
from vecinity.local.rows import SEGMENT_ROWS
from vecinity.local.writer import Writer

_SEGMENT_ROWS = 64
_LOG_PAGES = 64
_PAUSE_SECONDS = 0.05


def shrink() -> None:
    """Small segments in the indexes created from now on, and small logs."""
    defaults = LocalEngine.__init__.__kwdefaults__
    assert defaults is not None
    assert defaults["segment_rows"] == SEGMENT_ROWS
    defaults["segment_rows"] = _SEGMENT_ROWS
    _replace(files, "_CHECKPOINT_PAGES", _LOG_PAGES)


def none() -> None:
    """No bug."""


def half_batches() -> None:
    """A batch is committed in two halves."""
    commit = Writer.submit

    def submit(self: Writer, mutation: Mutation) -> Change:
        if isinstance(mutation, Insert | Upsert) and len(mutation.batch) > 1:
            batch, kind = mutation.batch, type(mutation)
            middle = len(batch) // 2
            commit(self, kind(_subset(batch, list(range(middle)))))
            time.sleep(_PAUSE_SECONDS)
            mutation = kind(_subset(batch, list(range(middle, len(batch)))))
        return commit(self, mutation)

    _replace(Writer, "submit", submit)


def no_folder_sync() -> None:
    """The names of new files are not made durable."""
    for module in (files, index):
        _replace(module, "sync_folder", lambda path: None)


def _replace(owner: Any, name: str, value: object) -> None:
    """Set what must exist, so that no change silently becomes none."""
    getattr(owner, name)
    setattr(owner, name, value)


if __name__ == "__main__":
    bug = {"none": none, "half_batches": half_batches, "no_folder_sync": no_folder_sync}
    shrink()
    bug[sys.argv.pop(1)]()
    main()
