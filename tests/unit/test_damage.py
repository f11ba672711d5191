"""Damage on the disk is found: a returned row is right or the answer is an error."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

import vecinity
from vecinity.errors import StorageUnavailable
from vecinity.limits import CLOUDFLARE
from vecinity.local.engine import LocalEngine
from vecinity.local.format import VERSION, UnknownFormat

_ROWS = 40
_DIMENSIONS = 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A closed data directory with one index of `_ROWS` vectors."""
    rng = np.random.default_rng(0)
    with vecinity.open(tmp_path) as db:
        db.create_index("docs", dimensions=_DIMENSIONS, metric="cosine")
        db.index("docs").upsert(
            {"id": str(n), "values": rng.standard_normal(_DIMENSIONS), "metadata": {"n": n}}
            for n in range(_ROWS)
        )
    return tmp_path


def _problems(folder: Path) -> list[str]:
    engine = LocalEngine(folder)
    try:
        return list(engine.verify())
    finally:
        engine.close()


def _rows_file(folder: Path) -> Path:
    [path] = folder.glob("indexes/*/rows/*.f32")
    return path


def _index_db(folder: Path) -> Path:
    [path] = folder.glob("indexes/*/index.db")
    return path


def test_nothing_is_wrong_with_what_was_written(folder: Path) -> None:
    assert _problems(folder) == []


@pytest.mark.parametrize("row", [0, 17, _ROWS - 1])
def test_a_flipped_bit_in_a_row_is_never_returned(folder: Path, row: int) -> None:
    path = _rows_file(folder)
    data = bytearray(path.read_bytes())
    data[row * _DIMENSIONS * 4 + 5] ^= 1
    path.write_bytes(data)
    with vecinity.open(folder) as db:
        index = db.index("docs")
        with pytest.raises(StorageUnavailable, match=f"row {row} of .*checksum"):
            index.get_by_ids([str(row)])
        other = str((row + 1) % _ROWS)
        assert [vector.id for vector in index.get_by_ids([other])] == [other]
    [problem] = _problems(folder)
    assert f"row {row}" in problem


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rows SET metadata = CAST('{\"n\":99}' AS BLOB) WHERE row = 3",
        "UPDATE rows SET namespace = 'other' WHERE row = 3",
        "UPDATE rows SET id = 'x' WHERE row = 3",
        "UPDATE rows SET born = 7 WHERE row = 3",
        "DELETE FROM rows WHERE row = 3",
        "INSERT INTO deaths VALUES (3, 1)",
    ],
)
def test_what_sqlite_holds_is_checked_too(folder: Path, statement: str) -> None:
    connection = sqlite3.connect(_index_db(folder), isolation_level=None)
    connection.execute(statement)
    connection.close()
    assert _problems(folder)


def test_a_truncated_row_file_is_refused_not_mapped(folder: Path) -> None:
    path = _rows_file(folder)
    path.write_bytes(path.read_bytes()[: _DIMENSIONS * 4 * 10])
    with vecinity.open(folder) as db, pytest.raises(StorageUnavailable, match="too short"):
        db.index("docs").describe()


def test_a_missing_row_file_harms_no_other_index(folder: Path) -> None:
    lost = _rows_file(folder)
    with vecinity.open(folder) as db:
        db.create_index("other", dimensions=_DIMENSIONS, metric="cosine")
        db.index("other").insert([{"id": "a", "values": [1.0] * _DIMENSIONS}])
    lost.rename(lost.with_suffix(".gone"))
    with vecinity.open(folder) as db:
        with pytest.raises(StorageUnavailable, match="is missing"):
            db.index("docs").describe()
        assert db.index("other").describe().vector_count == 1


@pytest.mark.parametrize(("step", "whose"), [(1, "a newer"), (-1, "an older")])
def test_another_format_is_refused(folder: Path, step: int, whose: str) -> None:
    connection = sqlite3.connect(folder / "catalog.db", isolation_level=None)
    connection.execute(f"PRAGMA user_version = {VERSION + step}")
    connection.close()
    text = f"has format {VERSION + step}, of {whose} version of Vecinity; this one reads format"
    with pytest.raises(UnknownFormat, match=f"catalog.db {text} {VERSION} only"):
        vecinity.open(folder)


def test_sealed_segments_have_a_checksum(tmp_path: Path) -> None:
    engine = LocalEngine(tmp_path, segment_rows=8)
    db = vecinity.Database(engine, CLOUDFLARE)
    db.create_index("docs", dimensions=_DIMENSIONS, metric="dot-product")
    rng = np.random.default_rng(0)
    db.index("docs").insert(
        {"id": str(n), "values": rng.standard_normal(_DIMENSIONS)} for n in range(20)
    )
    db.close()
    assert _problems(tmp_path) == []
    first = sorted(tmp_path.glob("indexes/*/rows/*.f32"))[0]
    data = bytearray(first.read_bytes())
    data[0] ^= 1
    first.write_bytes(data)
    assert any("00000000-0.f32: the checksum" in problem for problem in _problems(tmp_path))
