"""What burial and compaction are for: space comes back, and nothing else changes."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from tests.search.rewriting import (
    DIMENSIONS,
    IDS,
    Clock,
    count,
    create,
    opened,
    problems,
    row_files,
    vectors,
    versions,
)
from vecinity.errors import ExpiredCursor, StorageUnavailable
from vecinity.local import burial, upkeep
from vecinity.local.files import RowFile
from vecinity.local.follower import Follower
from vecinity.local.visibility import Snapshot


@pytest.mark.usefixtures("at_once")
def test_files_and_rows_of_the_dead_go(tmp_path: Path) -> None:
    with opened(tmp_path) as database:
        index = create(database)
        for version in range(20):
            index.upsert(vectors(version))
        assert index.describe().vector_count == len(IDS)
        rows = len(IDS) + len(IDS) // 16 + 3
        assert count(tmp_path, "rows") <= rows
        assert count(tmp_path, "deaths") <= rows
        assert len(row_files(tmp_path)) <= 5
        index.delete_by_ids(IDS)
        assert count(tmp_path, "rows") == 0
        assert len(row_files(tmp_path)) <= 1
        index.upsert(vectors(20))
    with opened(tmp_path) as database:
        found = database.index("i").get_by_ids(IDS[:20])
        assert versions(found) == [20] * 20
    assert problems(tmp_path) == []


@pytest.mark.usefixtures("at_once")
def test_the_database_shrinks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(burial, "_FREE_PAGES", 8)
    monkeypatch.setattr(burial, "_PAGES_A_STEP", 16)
    ids = [f"{number}" for number in range(800)]
    with opened(tmp_path) as database:
        create(database).upsert(vectors(1, ids, "x" * 1_000))
    [path] = tmp_path.glob("indexes/*/index.db")
    full = path.stat().st_size
    with opened(tmp_path) as database:
        database.index("i").delete_by_ids(ids)
    assert full > 800_000
    assert path.stat().st_size < full / 5
    assert problems(tmp_path) == []


@pytest.mark.usefixtures("at_once")
def test_columns_forget_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    followers: list[Follower] = []
    bury = Follower.bury

    def noted(self: Follower) -> Snapshot:
        followers.append(self)
        return bury(self)

    monkeypatch.setattr(Follower, "bury", noted)
    with opened(tmp_path) as database:
        index = create(database)
        index.create_metadata_index("v", "number")
        for version in range(100):
            index.upsert(vectors(version))
        [column] = followers[-1]._columns.ready.metadata
        assert len(column.values.distinct()) < 10
        found = index.query([99.0, 1.0] * 4, top_k=5, filter={"v": 99}, return_metadata="all")
        assert versions(found) == [99] * 5


@pytest.mark.usefixtures("at_once")
def test_a_listing_goes_on_after_its_vectors_died_and_then_expires(tmp_path: Path) -> None:
    clock = Clock()
    with opened(tmp_path, clock=clock) as database:
        index = create(database)
        index.upsert(vectors(1))
        first = index.list_vectors(count=10)
        index.upsert(vectors(2, [*IDS[5:], "another"]))
        index.delete_by_ids(IDS)
        assert count(tmp_path, "graves") > len(IDS)
        page, ids = first, list(first.ids)
        while page.next_cursor is not None:
            page = index.list_vectors(count=10, cursor=page.next_cursor)
            assert page.total_count == len(IDS)
            ids += page.ids
        assert ids == IDS
        clock.now += burial.KEPT_SECONDS + 1
        index.upsert(vectors(3))
        index.upsert(vectors(4))
        assert 0 < count(tmp_path, "graves") <= len(IDS)
        assert count(tmp_path, "mutations") == 3
        # the cursor is young again, what it would show is gone all the same
        clock.now -= burial.KEPT_SECONDS + 1
        with pytest.raises(ExpiredCursor):
            index.list_vectors(count=10, cursor=first.next_cursor)
    assert problems(tmp_path) == []


@pytest.mark.usefixtures("at_once")
def test_a_longer_delay_later_does_not_ask_for_the_buried(tmp_path: Path) -> None:
    clock = Clock()
    with opened(tmp_path, clock=clock) as database:
        index = create(database)
        index.upsert(vectors(1))
        index.upsert(vectors(2))
    with opened(tmp_path, clock=clock, visibility_delay=60.0) as database:
        index = database.index("i")
        index.upsert(vectors(3))
        index.upsert(vectors(4))
        found = index.query([2.0, 1.0] * 4, top_k=50, return_metadata="all")
        assert versions(found) == [2] * 50
        clock.now += 60.0
        found = index.query([2.0, 1.0] * 4, top_k=50, return_metadata="all")
        assert versions(found) == [4] * 50


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
    with opened(tmp_path) as database:
        index = create(database)
        index.upsert(vectors(1))
        before = row_files(tmp_path)
        with pytest.raises(StorageUnavailable, match="No space left"):
            index.delete_by_ids(IDS[::2])
        assert row_files(tmp_path) == before
        left = index.query([1.0, 1.0] * 4, top_k=50, return_metadata="all")
        assert [match.id for match in left] == IDS[1::2]
        full = False
        index.delete_by_ids(IDS[1:20:2])
        assert row_files(tmp_path) != before
        left = index.query([1.0, 1.0] * 4, top_k=50, return_metadata="all")
        assert [match.id for match in left] == IDS[21::2]
    assert problems(tmp_path) == []


def test_an_index_is_closed_in_the_middle_of_its_upkeep(tmp_path: Path) -> None:
    """One index at a time may be open, so that each write closes the other one."""
    names = ["one", "two"]
    with opened(tmp_path, open_indexes=1) as database:
        for name in names:
            database.create_index(name, dimensions=DIMENSIONS, metric="euclidean")
        for version in range(40):
            for name in names:
                database.index(name).upsert(vectors(version))
        for name in names:
            assert versions(database.index(name).get_by_ids(IDS[:20])) == [39] * 20
    assert problems(tmp_path) == []
