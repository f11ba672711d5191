"""What compaction is for: space comes back, and nobody who reads meanwhile notices.

Everything here is about one index whose vectors are written over and over.
"""

from __future__ import annotations

import errno
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vecinity
from tests.support import tiny
from tests.support.at_once import AtOnce
from vecinity.errors import ExpiredCursor, StorageUnavailable, VectorizeError
from vecinity.limits import OPEN
from vecinity.local import burial, engine, segment_records, upkeep
from vecinity.local.engine import LocalEngine
from vecinity.local.files import RowFile
from vecinity.local.follower import Follower
from vecinity.local.index import OpenIndex
from vecinity.local.segment_records import StoredSegment
from vecinity.local.visibility import Snapshot
from vecinity.model import Match, Vector

_DIMENSIONS = 8
_IDS = [f"id-{number:02}" for number in range(50)]


class _Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Indexes that are opened from now on do their upkeep after each commit."""
    monkeypatch.setattr(engine, "Maintenance", AtOnce)


@contextmanager
def _opened(folder: Path, **options: Any) -> Iterator[vecinity.Database]:
    local = LocalEngine(folder, profile="open", segment_rows=16, **options)
    with vecinity.Database(local, OPEN) as database:
        yield database


def _vectors(version: int, ids: list[str] = _IDS, text: str = "") -> list[dict[str, Any]]:
    """Vectors whose values and metadata say the same `version`."""
    return [
        {"id": id_, "values": [version, number + 1.0] * 4, "metadata": {"v": version, "t": text}}
        for number, id_ in enumerate(ids)
    ]


def _versions(found: Sequence[Vector | Match]) -> list[int]:
    """What their metadata says."""
    assert all(each.metadata for each in found)
    return [each.metadata["v"] for each in found if each.metadata]


def _create(database: vecinity.Database) -> vecinity.Index:
    database.create_index("i", dimensions=_DIMENSIONS, metric="euclidean")
    return database.index("i")


def _count(folder: Path, table: str) -> int:
    [path] = folder.glob("indexes/*/index.db")
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(count)


def _row_files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("indexes/*/rows/*"))


def _problems(folder: Path) -> list[str]:
    local = LocalEngine(folder)
    try:
        return list(local.verify())
    finally:
        local.close()


@pytest.mark.usefixtures("at_once")
def test_files_and_rows_of_the_dead_go(tmp_path: Path) -> None:
    with _opened(tmp_path) as database:
        index = _create(database)
        for version in range(20):
            index.upsert(_vectors(version))
        assert index.describe().vector_count == len(_IDS)
        rows = len(_IDS) + len(_IDS) // 16 + 3
        assert _count(tmp_path, "rows") <= rows
        assert _count(tmp_path, "deaths") <= rows
        assert len(_row_files(tmp_path)) <= 5
        index.delete_by_ids(_IDS)
        assert _count(tmp_path, "rows") == 0
        assert len(_row_files(tmp_path)) <= 1
        index.upsert(_vectors(20))
    with _opened(tmp_path) as database:
        found = database.index("i").get_by_ids(_IDS[:20])
        assert _versions(found) == [20] * 20
    assert _problems(tmp_path) == []


@pytest.mark.usefixtures("at_once")
def test_the_database_shrinks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(burial, "_FREE_PAGES", 8)
    monkeypatch.setattr(burial, "_PAGES_A_STEP", 16)
    ids = [f"{number}" for number in range(800)]
    with _opened(tmp_path) as database:
        _create(database).upsert(_vectors(1, ids, "x" * 1_000))
    [path] = tmp_path.glob("indexes/*/index.db")
    full = path.stat().st_size
    with _opened(tmp_path) as database:
        database.index("i").delete_by_ids(ids)
    assert full > 800_000
    assert path.stat().st_size < full / 5
    assert _problems(tmp_path) == []


@pytest.mark.usefixtures("at_once")
def test_columns_forget_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    followers: list[Follower] = []
    bury = Follower.bury

    def noted(self: Follower) -> Snapshot:
        followers.append(self)
        return bury(self)

    monkeypatch.setattr(Follower, "bury", noted)
    with _opened(tmp_path) as database:
        index = _create(database)
        index.create_metadata_index("v", "number")
        for version in range(100):
            index.upsert(_vectors(version))
        [column] = followers[-1]._columns._metadata.values()
        assert len(column._by_value) < 10
        found = index.query([99.0, 1.0] * 4, top_k=5, filter={"v": 99}, return_metadata="all")
        assert _versions(found) == [99] * 5


@pytest.mark.usefixtures("at_once")
def test_a_listing_goes_on_after_its_vectors_died_and_then_expires(tmp_path: Path) -> None:
    clock = _Clock()
    with _opened(tmp_path, clock=clock) as database:
        index = _create(database)
        index.upsert(_vectors(1))
        first = index.list_vectors(count=10)
        index.upsert(_vectors(2, [*_IDS[5:], "another"]))
        index.delete_by_ids(_IDS)
        assert _count(tmp_path, "graves") > len(_IDS)
        page, ids = first, list(first.ids)
        while page.next_cursor is not None:
            page = index.list_vectors(count=10, cursor=page.next_cursor)
            assert page.total_count == len(_IDS)
            ids += page.ids
        assert ids == _IDS
        clock.now += burial.KEPT_SECONDS + 1
        index.upsert(_vectors(3))
        index.upsert(_vectors(4))
        assert 0 < _count(tmp_path, "graves") <= len(_IDS)
        assert _count(tmp_path, "mutations") == 3
        # the cursor is young again, what it would show is gone all the same
        clock.now -= burial.KEPT_SECONDS + 1
        with pytest.raises(ExpiredCursor):
            index.list_vectors(count=10, cursor=first.next_cursor)
    assert _problems(tmp_path) == []


@pytest.mark.usefixtures("at_once")
def test_a_longer_delay_later_does_not_ask_for_the_buried(tmp_path: Path) -> None:
    clock = _Clock()
    with _opened(tmp_path, clock=clock) as database:
        index = _create(database)
        index.upsert(_vectors(1))
        index.upsert(_vectors(2))
    with _opened(tmp_path, clock=clock, visibility_delay=60.0) as database:
        index = database.index("i")
        index.upsert(_vectors(3))
        index.upsert(_vectors(4))
        found = index.query([2.0, 1.0] * 4, top_k=50, return_metadata="all")
        assert _versions(found) == [2] * 50
        clock.now += 60.0
        found = index.query([2.0, 1.0] * 4, top_k=50, return_metadata="all")
        assert _versions(found) == [4] * 50


def _overtaken_query(index: vecinity.Index) -> list[int]:
    return _versions(index.query([1.0, 1.0] * 4, top_k=50, return_metadata="all"))


def _overtaken_get(index: vecinity.Index) -> list[int]:
    return _versions(index.get_by_ids(_IDS[:20]))


def _overtaken_query_by_id(index: vecinity.Index) -> list[int]:
    return _versions(index.query_by_id(_IDS[0], top_k=50, return_metadata="all"))


_OVERTAKEN = [
    (OpenIndex, "_matches", _overtaken_query),
    (OpenIndex, "_read", _overtaken_get),
    (OpenIndex, "_candidates", _overtaken_query_by_id),
]


def _overtake(patch: pytest.MonkeyPatch, owner: Any, name: str, index: vecinity.Index) -> None:
    """Let all vectors be written anew, and the old ones be buried, before the first call."""
    call = getattr(owner, name)

    def overtaken(*arguments: Any) -> Any:
        patch.setattr(owner, name, call)
        index.upsert(_vectors(2))
        return call(*arguments)

    patch.setattr(owner, name, overtaken)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(("owner", "name", "read"), _OVERTAKEN)
def test_a_read_that_is_overtaken_sees_the_newest(
    owner: Any,
    name: str,
    read: Callable[[vecinity.Index], list[int]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with _opened(tmp_path) as database:
        index = _create(database)
        index.upsert(_vectors(1))
        _overtake(monkeypatch, owner, name, index)
        assert set(read(index)) == {2}


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(("owner", "name", "read"), _OVERTAKEN)
def test_without_the_second_look_it_would_not(
    owner: Any,
    name: str,
    read: Callable[[vecinity.Index], list[int]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Follower, "is_whole", lambda self, snapshot: True)
    with _opened(tmp_path) as database:
        index = _create(database)
        index.upsert(_vectors(1))
        _overtake(monkeypatch, owner, name, index)
        with pytest.raises(StorageUnavailable):
            read(index)


@pytest.mark.usefixtures("at_once")
def test_verify_looks_again_when_files_were_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = segment_records.load
    local = LocalEngine(tmp_path, profile="open", segment_rows=16)
    with vecinity.Database(local, OPEN) as database:
        index = _create(database)
        index.upsert(_vectors(1))

        def overtaken(connection: sqlite3.Connection) -> list[StoredSegment]:
            found = load(connection)
            monkeypatch.setattr(segment_records, "load", load)
            index.upsert(_vectors(2))
            return found

        monkeypatch.setattr(segment_records, "load", overtaken)
        assert list(local.verify()) == []
        assert segment_records.load is load
        [*_, path] = tmp_path.glob("indexes/*/rows/*.f32")
        path.rename(path.with_suffix(".gone"))
        assert any("is missing" in problem for problem in local.verify())


@pytest.mark.parametrize("blocks", [False, True])
def test_readers_beside_writers_and_compaction(
    blocks: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real threads: whatever is always there is always found, and never torn."""
    if blocks:
        tiny.shrink(monkeypatch, at_once=False)
    failures: list[BaseException] = []
    stop = threading.Event()

    def read(index: vecinity.Index) -> None:
        try:
            while not stop.is_set():
                versions = {vector.id: vector for vector in index.get_by_ids(_IDS[:20])}
                assert [*versions] == _IDS[:20]
                found = index.query_by_id(_IDS[7], top_k=20, return_values=True)
                assert len(found) == 20
                listed = index.list_vectors(count=30)
                rest = index.list_vectors(count=30, cursor=listed.next_cursor)
                assert [*listed.ids, *rest.ids] == _IDS
                for vector in versions.values():
                    assert [vector.values[0]] == _versions([vector])
        except (AssertionError, VectorizeError) as error:
            failures.append(error)

    with _opened(tmp_path) as database:
        index = _create(database)
        index.upsert(_vectors(0))
        readers = [threading.Thread(target=read, args=(index,)) for _ in range(3)]
        for reader in readers:
            reader.start()
        rng = np.random.default_rng(0)
        for version in range(1, 200):
            some = [_IDS[number] for number in rng.choice(len(_IDS), 20, replace=False)]
            index.upsert(_vectors(version, some))
        stop.set()
        for reader in readers:
            reader.join()
    assert not failures, failures
    assert _count(tmp_path, "graves") > 0
    assert _problems(tmp_path) == []


@pytest.mark.usefixtures("at_once")
def test_a_full_disk_leaves_the_segments_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = RowFile.write
    full = True

    def limited(self: RowFile, data: memoryview, offset: int) -> None:
        if full and not self.path.stem.endswith("-0"):
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, data, offset)

    monkeypatch.setattr(RowFile, "write", limited)
    monkeypatch.setattr(upkeep, "_RETRY_SECONDS", 0.0)
    with _opened(tmp_path) as database:
        index = _create(database)
        index.upsert(_vectors(1))
        before = _row_files(tmp_path)
        with pytest.raises(StorageUnavailable, match="No space left"):
            index.delete_by_ids(_IDS[::2])
        assert _row_files(tmp_path) == before
        left = index.query([1.0, 1.0] * 4, top_k=50, return_metadata="all")
        assert [match.id for match in left] == _IDS[1::2]
        full = False
        index.delete_by_ids(_IDS[1:20:2])
        assert _row_files(tmp_path) != before
        left = index.query([1.0, 1.0] * 4, top_k=50, return_metadata="all")
        assert [match.id for match in left] == _IDS[21::2]
    assert _problems(tmp_path) == []


def test_an_index_is_closed_in_the_middle_of_its_upkeep(tmp_path: Path) -> None:
    """One index at a time may be open, so that each write closes the other one."""
    names = ["one", "two"]
    with _opened(tmp_path, open_indexes=1) as database:
        for name in names:
            database.create_index(name, dimensions=_DIMENSIONS, metric="euclidean")
        for version in range(40):
            for name in names:
                database.index(name).upsert(_vectors(version))
        for name in names:
            assert _versions(database.index(name).get_by_ids(_IDS[:20])) == [39] * 20
    assert _problems(tmp_path) == []
