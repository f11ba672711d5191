"""An index whose vectors are written over and over: what the tests of its upkeep share."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import vecinity
from vecinity.limits import OPEN
from vecinity.local.engine import LocalEngine
from vecinity.model import Match, Vector

DIMENSIONS = 8
IDS = [f"id-{number:02}" for number in range(50)]


class Clock:
    """Tells the time that it is set to."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def opened(folder: Path, **options: Any) -> Iterator[vecinity.Database]:
    local = LocalEngine(folder, profile="open", segment_rows=16, **options)
    with vecinity.Database(local, OPEN) as database:
        yield database


def vectors(version: int, ids: list[str] = IDS, text: str = "") -> list[dict[str, Any]]:
    """Vectors whose values and metadata say the same `version`."""
    return [
        {"id": id_, "values": [version, number + 1.0] * 4, "metadata": {"v": version, "t": text}}
        for number, id_ in enumerate(ids)
    ]


def versions(found: Sequence[Vector | Match]) -> list[int]:
    """What their metadata says."""
    assert all(each.metadata for each in found)
    return [each.metadata["v"] for each in found if each.metadata]


def create(database: vecinity.Database) -> vecinity.Index:
    database.create_index("i", dimensions=DIMENSIONS, metric="euclidean")
    return database.index("i")


def count(folder: Path, table: str) -> int:
    [path] = folder.glob("indexes/*/index.db")
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(count)


def row_files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("indexes/*/rows/*"))


def problems(folder: Path) -> list[str]:
    local = LocalEngine(folder)
    try:
        return list(local.verify())
    finally:
        local.close()
