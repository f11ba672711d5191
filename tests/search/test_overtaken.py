"""Burial and compaction beside readers: who is overtaken sees the newest, nobody sees less."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vecinity
from tests.search.rewriting import (
    IDS,
    count,
    create,
    opened,
    problems,
    vectors,
    versions,
)
from tests.support import tiny
from vecinity.errors import StorageUnavailable, VectorizeError
from vecinity.limits import OPEN
from vecinity.local import segment_records
from vecinity.local.engine import LocalEngine
from vecinity.local.follower import Follower
from vecinity.local.index import OpenIndex
from vecinity.local.segment_records import StoredSegment


def _overtaken_query(index: vecinity.Index) -> list[int]:
    return versions(index.query([1.0, 1.0] * 4, top_k=50, return_metadata="all"))


def _overtaken_get(index: vecinity.Index) -> list[int]:
    return versions(index.get_by_ids(IDS[:20]))


def _overtaken_query_by_id(index: vecinity.Index) -> list[int]:
    return versions(index.query_by_id(IDS[0], top_k=50, return_metadata="all"))


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
        index.upsert(vectors(2))
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
    with opened(tmp_path) as database:
        index = create(database)
        index.upsert(vectors(1))
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
    with opened(tmp_path) as database:
        index = create(database)
        index.upsert(vectors(1))
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
        index = create(database)
        index.upsert(vectors(1))

        def overtaken(connection: sqlite3.Connection) -> list[StoredSegment]:
            found = load(connection)
            monkeypatch.setattr(segment_records, "load", load)
            index.upsert(vectors(2))
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
                by_id = {vector.id: vector for vector in index.get_by_ids(IDS[:20])}
                assert [*by_id] == IDS[:20]
                found = index.query_by_id(IDS[7], top_k=20, return_values=True)
                assert len(found) == 20
                listed = index.list_vectors(count=30)
                rest = index.list_vectors(count=30, cursor=listed.next_cursor)
                assert [*listed.ids, *rest.ids] == IDS
                for vector in by_id.values():
                    assert [vector.values[0]] == versions([vector])
        except (AssertionError, VectorizeError) as error:
            failures.append(error)

    with opened(tmp_path) as database:
        index = create(database)
        index.upsert(vectors(0))
        readers = [threading.Thread(target=read, args=(index,)) for _ in range(3)]
        for reader in readers:
            reader.start()
        rng = np.random.default_rng(0)
        for version in range(1, 200):
            some = [IDS[number] for number in rng.choice(len(IDS), 20, replace=False)]
            index.upsert(vectors(version, some))
        stop.set()
        for reader in readers:
            reader.join()
    assert not failures, failures
    assert count(tmp_path, "graves") > 0
    assert problems(tmp_path) == []
