"""When columns are loaded, built and saved, and that nobody waits for it."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

import vecinity
from vecinity.errors import IndexFull, StorageUnavailable
from vecinity.limits import CLOUDFLARE
from vecinity.local import column_file, column_keeper, follower, store
from vecinity.local.column_runs import Run, Sizes, merge
from vecinity.local.engine import LocalEngine, LocalIndex
from vecinity.local.follower import Follower


@pytest.fixture
def folder(memory_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory whose indexes have columns of tiny runs."""
    monkeypatch.setattr(
        follower, "SIZES", Sizes(tail=4, fanout=2, finished=64, heavy=4, unsaved=10)
    )
    return memory_path


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The ranges of rows that columns were built from."""
    ranges = []
    births = store.births

    def noted(connection: sqlite3.Connection, first: int, end: int) -> list[Any]:
        ranges.append((first, end))
        return births(connection, first, end)

    monkeypatch.setattr(store, "births", noted)
    return ranges


@contextmanager
def _open(folder: Path) -> Iterator[vecinity.Index]:
    """The index "i" of one dimension with a metadata index on "n", made when it is missing."""
    with vecinity.open(folder, profile="open") as db:
        if not any(found.name == "i" for found in db.list_indexes()):
            db.create_index("i", dimensions=1, metric="euclidean")
            db.index("i").create_metadata_index("n", "number")
        yield db.index("i")


@contextmanager
def _follower(index: vecinity.Index) -> Iterator[Follower]:
    with cast(LocalIndex, index._index)._use() as found:
        yield found._follower


def _vectors(rows: Sequence[int]) -> list[dict[str, Any]]:
    """Vector n is at n, in one of 3 namespaces, and says so."""
    return [
        {"id": str(n), "values": [n], "namespace": f"n{n % 3}", "metadata": {"n": n}} for n in rows
    ]


def _below(index: vecinity.Index, n: int, namespace: str | None = None) -> list[str]:
    """The ids of the vectors that say to be below `n`."""
    found = index.query([0.0], top_k=50, filter={"n": {"$lt": n}}, namespace=namespace)
    return [match.id for match in found]


def _file(folder: Path) -> Path:
    [path] = folder.glob("indexes/*")
    return path / "derived" / "columns"


def test_rows_that_the_file_has_are_not_read_again(
    folder: Path, reads: list[tuple[int, int]]
) -> None:
    with _open(folder) as index:
        index.upsert(_vectors(range(30)))
    assert _file(folder).exists()
    reads.clear()
    with _open(folder) as index:
        assert index.query([3.2], top_k=1)[0].id == "3"
        index.upsert(_vectors(range(30, 35)))
        index.query([3.2], top_k=1)
        assert reads == []
        assert _below(index, 4, "n0") == ["0", "3"]
        assert len(_below(index, 33)) == 33
        assert reads == [(30, 35)]


def test_a_file_is_not_worth_few_rows(folder: Path) -> None:
    with _open(folder) as index:
        index.upsert(_vectors(range(10)))
    assert not _file(folder).exists()


def test_a_damaged_file_is_replaced(folder: Path, reads: list[tuple[int, int]]) -> None:
    with _open(folder) as index:
        index.upsert(_vectors(range(30)))
    whole = _file(folder).read_bytes()
    _file(folder).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    for expected in [(0, 30)], []:
        reads.clear()
        with _open(folder) as index:
            assert _below(index, 2) == ["0", "1"]
            assert reads == expected
    assert _file(folder).read_bytes()[:9] == whole[:9]


def test_a_metadata_index_that_the_file_lacks_is_built(
    folder: Path, reads: list[tuple[int, int]]
) -> None:
    with _open(folder) as index:
        index.upsert(_vectors(range(30)))
        with _follower(index) as found:
            found.save_columns()
        index.delete_metadata_index("n")
        index.create_metadata_index("n", "number")
        _below(index, 3)
        with _follower(index) as found:
            assert found._columns.unsaved == 30
    reads.clear()
    with _open(folder) as index:
        assert _below(index, 3) == ["0", "1", "2"]
    assert reads == []


def test_columns_are_due_when_much_is_unsaved(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(column_keeper, "_DUE_ROWS", 20)
    with _open(folder) as index, _follower(index) as found:
        index.upsert(_vectors(range(20)))
        due = [found.columns_are_due]
        index.upsert(_vectors(range(20, 21)))
        due.append(found.columns_are_due)
        found.save_columns()
        due.append(found.columns_are_due)
        assert due == [False, True, False]
        saved = column_file.load(_file(folder))
        assert saved is not None
        assert saved.rows == 21


def test_columns_that_nobody_needed_are_saved_too(
    folder: Path, reads: list[tuple[int, int]]
) -> None:
    with _open(folder) as index:
        index.upsert(_vectors(range(30)))
    reads.clear()
    with _open(folder) as index, _follower(index) as found:
        for n in range(30, 50):
            index.upsert(_vectors([n]))
        assert reads == []
        found.save_columns()
        saved = column_file.load(_file(folder))
        assert saved is not None
        assert saved.rows == 50
        assert reads == [(30, 50)]


def test_damaged_metadata_is_reported_and_writes_go_on(folder: Path) -> None:
    with _open(folder) as index:
        index.upsert(_vectors(range(9)))
    connection = sqlite3.connect(_file(folder).parent.parent / "index.db")
    with connection:
        connection.execute("UPDATE rows SET metadata = ? WHERE row = 3", (b"{",))
    connection.close()
    with _open(folder) as index:
        index.upsert(_vectors([9]))
        with pytest.raises(StorageUnavailable, match="metadata is damaged"):
            _below(index, 5)
        index.upsert(_vectors([10]))
        assert index.query([10.0], top_k=1)[0].id == "10"


def test_a_full_disk_harms_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with _open(folder) as index:
        index.upsert(_vectors(range(30)))
    before = _file(folder).read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with _open(folder) as index:
        index.upsert(_vectors(range(30, 60)))
        assert len(_below(index, 45)) == 45
        with monkeypatch.context() as patch, _follower(index) as found:
            patch.setattr(os, "fsync", full)
            with pytest.raises(OSError, match="No space"):
                found.save_columns()
    assert [path.name for path in _file(folder).parent.iterdir()] == ["columns"]
    assert _file(folder).read_bytes() != before


def test_an_index_closes_though_its_columns_cannot_be_saved(folder: Path) -> None:
    with _open(folder) as index:
        index.upsert(_vectors(range(30)))
        _file(folder).parent.write_text("in the way")
    with _open(folder) as index:
        assert _below(index, 2) == ["0", "1"]


def test_the_limit_of_namespaces_counts_those_of_the_file(folder: Path) -> None:
    limits = replace(CLOUDFLARE, namespaces_per_index=40)

    def vectors(first: int, end: int) -> list[dict[str, Any]]:
        return [
            {"id": str(n), "values": [1.0] * 32, "namespace": str(n)} for n in range(first, end)
        ]

    with vecinity.Database(LocalEngine(folder, limits=limits), limits) as db:
        db.create_index("i", dimensions=32, metric="cosine")
        db.index("i").insert(vectors(0, 30))
    with vecinity.Database(LocalEngine(folder, limits=limits), limits) as db:
        index = db.index("i")
        index.upsert(vectors(20, 39))
        with pytest.raises(IndexFull, match="max namespace count is 40"):
            index.upsert(vectors(38, 41))
        index.upsert(vectors(30, 40))
        with pytest.raises(IndexFull, match="max namespace count is 40"):
            index.upsert(vectors(40, 41))
        index.upsert(vectors(0, 40))


def test_queries_are_right_while_others_write_and_save(folder: Path) -> None:
    errors: list[str] = []
    done = threading.Event()

    def read(index: vecinity.Index) -> None:
        while not done.is_set():
            known = index.describe().vector_count
            found = _below(index, 40)
            if found != [str(n) for n in range(len(found))] or len(found) < min(known, 40):
                errors.append(f"{found} of {known}")

    def save(index: vecinity.Index) -> None:
        with _follower(index) as found:
            while not done.is_set():
                found.save_columns()

    with _open(folder) as index:
        threads = [threading.Thread(target=each, args=(index,)) for each in (read, read, save)]
        for thread in threads:
            thread.start()
        for n in range(300):
            index.upsert(_vectors([n]))
        done.set()
        for thread in threads:
            thread.join()
    assert errors == []
    with _open(folder) as index:
        assert _below(index, 40) == [str(n) for n in range(40)]


def test_columns_load_once_while_writes_go_on(folder: Path, reads: list[tuple[int, int]]) -> None:
    with _open(folder) as index:
        index.upsert(_vectors(range(200)))
    _file(folder).unlink()
    reads.clear()
    answers: list[list[str]] = []
    with _open(folder) as index:
        threads = [
            threading.Thread(target=lambda: answers.append(_below(index, 5))) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for n in range(200, 230):
            index.upsert(_vectors([n]))
        for thread in threads:
            thread.join()
        assert answers == [["0", "1", "2", "3", "4"]] * 4
        assert len(index.query([229.0], top_k=50, filter={"n": {"$gte": 200}})) == 30
    assert sum(end - first for first, end in reads) <= 230
    assert reads[0][0] == 0


def test_merges_do_not_keep_readers_waiting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    merging, go_on = threading.Event(), threading.Event()

    def slow(runs: Sequence[Run], heavy: int) -> Run:
        merging.set()
        assert go_on.wait(10)
        return merge(runs, heavy)

    with _open(folder) as index:
        index.upsert(_vectors(range(7)))
        monkeypatch.setattr("vecinity.local.column_values.merge", slow)
        writer = threading.Thread(target=lambda: index.upsert(_vectors(range(7, 12))))
        writer.start()
        assert merging.wait(10)
        assert _below(index, 50) == [str(n) for n in range(7)]
        go_on.set()
        writer.join()
        assert _below(index, 50) == [str(n) for n in range(12)]


def test_the_dead_stay_dead_after_a_restart(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_DEAD_ROWS", 7)
    with _open(folder) as index:
        index.upsert(_vectors(range(30)))
        index.delete_by_ids([str(n) for n in range(30) if n % 4])
    with _open(folder) as index:
        assert _below(index, 30) == [str(n) for n in range(0, 30, 4)]
        assert index.describe().vector_count == 8
