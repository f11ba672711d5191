"""An engine that dies at a step of its upkeep: `python compacting.py DATA MOMENT COUNT BUG`.

It writes the same ids over and over and prints a version when it is acknowledged. When MOMENT
comes for the COUNT-th time the power fails: what was written to row files and not synced is zeros
then, and the process is gone.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import vecinity
from tests.support.at_once import AtOnce
from vecinity.limits import OPEN
from vecinity.local import burial, compaction, engine, graves, segment_records, store, upkeep
from vecinity.local.compaction import Compaction
from vecinity.local.engine import LocalEngine
from vecinity.local.files import RowFile, remove_file
from vecinity.local.writer import Writer

DIMENSIONS = 4
_IDS = 40
_SEGMENT_ROWS = 32
_VERSIONS = 60

State = dict[str, int]
"""The version of each id that is there."""


class Moments:
    """Counts the moments that come by, and fails the power at the one that is wanted."""

    def __init__(self, wanted: str, count: int) -> None:
        self._wanted = wanted
        self._left = count
        self._unsynced: dict[Path, list[tuple[int, int]]] = {}

    def watch(self, owner: Any, name: str, called: Callable[..., str | None]) -> None:
        """Let `before X` and `after X` come by around a call that `called` names X."""
        call = getattr(owner, name)

        @functools.wraps(call)
        def wrapped(*arguments: Any, **named: Any) -> Any:
            what = called(*arguments)
            self._come(f"before {what}")
            result = call(*arguments, **named)
            self._come(f"after {what}")
            return result

        setattr(owner, name, wrapped)

    def note_writes(self) -> None:
        """Know what is not synced."""
        write, sync = RowFile.write, RowFile.sync

        def noted(file: RowFile, data: memoryview, offset: int) -> None:
            self._unsynced.setdefault(file.path, []).append((offset, len(data)))
            write(file, data, offset)

        def synced(file: RowFile) -> None:
            sync(file)
            self._unsynced.pop(file.path, None)

        _replace(RowFile, "write", noted)
        _replace(RowFile, "sync", synced)

    def _come(self, moment: str) -> None:
        self._left -= moment == self._wanted
        if self._left == 0:
            for path, spans in self._unsynced.items():
                _lose(path, spans)
            os._exit(9)


def vectors(state: State) -> list[dict[str, Any]]:
    return [
        {
            "id": vector_id,
            "values": [version, int(vector_id), 1.0, -1.0],
            "metadata": {"version": version, "text": "x" * 2_000},
        }
        for vector_id, version in state.items()
    ]


def state_of(version: int) -> State:
    """What is there after `version`: every fifth time most vectors are deleted."""
    if version % 5 == 4:
        return {f"{number:02}": version - 1 for number in range(5)}
    return {f"{number:02}": version for number in range(_IDS)} if version else {}


def no_bug() -> None:
    """Nothing is wrong."""


def no_sync() -> None:
    """A rewritten segment is not synced before it takes over."""
    sync = RowFile.sync
    _replace(RowFile, "sync", lambda file: None if _is_new(file) else sync(file))


def removed_first() -> None:
    """The old file goes before the new one takes over."""
    switch = Compaction._switch

    def planted(self: Compaction, number: int, *others: Any) -> None:
        old = self._segments.all[number].file
        assert old is not None
        remove_file(old.path)
        switch(self, number, *others)

    _replace(Compaction, "_switch", planted)


def half_buried() -> None:
    """Rows are buried in two transactions."""
    bury = graves.bury

    @functools.wraps(bury)
    def planted(connection: Any, rows: list[int], mutation: int, segment_rows: int) -> None:
        connection.execute("DELETE FROM rows WHERE row = ?", (rows[0],))
        connection.execute("COMMIT")
        connection.execute("BEGIN IMMEDIATE")
        bury(connection, rows, mutation, segment_rows)

    _replace(graves, "bury", planted)


BUGS: dict[str, Callable[[], None]] = {
    bug.__name__: bug for bug in (no_bug, no_sync, removed_first, half_buried)
}


def _is_new(file: RowFile) -> bool:
    return not file.path.stem.endswith("-0")


def _lose(path: Path, spans: list[tuple[int, int]]) -> None:
    if path.exists():
        with path.open("r+b") as file:
            for offset, length in spans:
                file.seek(offset)
                file.write(bytes(length))


def _shrink() -> None:
    """Do everything in small steps, at once, and forget soon."""
    _replace(engine, "Maintenance", AtOnce)
    _replace(upkeep, "_LONGEST_REST", 0.0)
    _replace(burial, "_ROWS_A_STEP", 5)
    _replace(compaction, "_BYTES_A_STEP", 4 * DIMENSIONS * 5)
    _replace(burial, "KEPT_SECONDS", 0.0)
    _replace(burial, "_FORGET_SECONDS", 0.0)
    _replace(burial, "_FREE_PAGES", 4)
    _replace(burial, "_PAGES_A_STEP", 4)


def _watch(moments: Moments) -> None:
    moments.watch(RowFile, "write", lambda file, *_: "copy" if _is_new(file) else None)
    moments.watch(RowFile, "sync", lambda file: "sync" if _is_new(file) else None)
    moments.watch(compaction, "remove_file", lambda path: "removal")
    for module, name in (
        (graves, "bury"),
        (graves, "forget"),
        (graves, "give_back"),
        (store, "forget_mutations"),
        (segment_records, "replace"),
    ):
        moments.watch(module, name, lambda *_, name=name: name)
    moments.watch(Writer, "maintain", lambda _, step, *__: f"commit of {step.func.__name__}")


def _replace(owner: Any, name: str, value: object) -> None:
    """Set what must exist, so that no change silently becomes none."""
    getattr(owner, name)
    setattr(owner, name, value)


def _write(folder: Path) -> None:
    local = LocalEngine(folder, profile="open", segment_rows=_SEGMENT_ROWS)
    with vecinity.Database(local, OPEN) as database:
        database.create_index("i", dimensions=DIMENSIONS, metric="euclidean")
        index = database.index("i")
        for version in range(1, _VERSIONS):
            state = state_of(version)
            if version % 5 == 4:
                index.delete_by_ids([key for key in state_of(version - 1) if key not in state])
            else:
                index.upsert(vectors(state))
            print(version, flush=True)


if __name__ == "__main__":
    data, moment, count, bug = sys.argv[1:]
    _shrink()
    moments = Moments(moment, int(count))
    moments.note_writes()
    _watch(moments)
    BUGS[bug]()
    _write(Path(data))
