"""When heads are built, used, dropped and built again, and that answers are right throughout."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

import vecinity
from tests.support import tiny
from vecinity.errors import StorageUnavailable
from vecinity.local import store
from vecinity.local.engine import LocalIndex
from vecinity.local.heads import About, DamagedHeads, Heads
from vecinity.local.store import StoredRow

_SEGMENT_ROWS = 64


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> type[tiny.Counted]:
    return tiny.shrink(monkeypatch, at_once=True)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rows that were read from the store."""
    numbers: list[int] = []
    rows_by_number = store.rows_by_number

    def noted(connection: Any, rows: Sequence[int]) -> dict[int, StoredRow]:
        numbers.extend(rows)
        return rows_by_number(connection, rows)

    monkeypatch.setattr(store, "rows_by_number", noted)
    return numbers


@pytest.fixture
def folder(memory_path: Path, counted: type[tiny.Counted]) -> Path:
    return memory_path / "data"


@contextmanager
def _open(folder: Path) -> Iterator[vecinity.Index]:
    with vecinity.open(folder, profile="open") as db:
        if not db.list_indexes():
            db.create_index("i", dimensions=2, metric="euclidean")
        yield db.index("i")


def _vectors(numbers: Sequence[int], name: str = "v") -> list[dict[str, Any]]:
    """Vector n is at n; every third has a namespace."""
    return [
        {
            "id": f"{name}{n}",
            "values": [n, 0],
            "metadata": {"n": n},
            **({"namespace": f"n{n % 2}"} if n % 3 == 0 else {}),
        }
        for n in numbers
    ]


def _settle(index: vecinity.Index) -> None:
    """Have all built that is built when nobody writes."""
    local = cast(LocalIndex, index._index)
    local._background.hurry(local.id)


def _ids(index: vecinity.Index, near: int, count: int = 3) -> list[str]:
    return [match.id for match in index.query([near, 0], top_k=count)]


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("indexes/*/derived/heads/*"))


def test_rows_with_heads_are_not_read_from_the_store(folder: Path, read: list[int]) -> None:
    with _open(folder) as index:
        index.upsert(_vectors(range(100)))
        _settle(index)
        assert [path.name for path in _files(folder)] == ["00000000.heads", "00000001.heads"]
        found = index.query([30.0, 0.0], top_k=20)
        assert read == []
        everything = index.query([30.0, 0.0], top_k=20, return_metadata="all", return_values=True)
        assert len(read) == 20
        assert [(m.id, m.score, m.namespace) for m in found] == [
            (m.id, m.score, m.namespace) for m in everything
        ]
        assert {m.metadata_json for m in found} == {None}
        with_values = index.query([30.0, 0.0], top_k=20, return_values=True)
        assert len(read) == 20
        assert [m.id for m in with_values] == [m.id for m in found]
        assert all(m.values is not None and m.values[0] == int(m.id[1:]) for m in with_values)


def test_heads_are_there_again_after_a_restart(folder: Path, read: list[int]) -> None:
    with _open(folder) as index:
        index.upsert(_vectors(range(100)))
        _settle(index)
    before = [path.stat().st_ino for path in _files(folder)]
    with _open(folder) as index:
        assert _ids(index, 80) == ["v80", "v79", "v81"]
    assert read == []
    assert [path.stat().st_ino for path in _files(folder)] == before


def test_new_rows_are_read_until_they_are_worth_a_file(folder: Path, read: list[int]) -> None:
    with _open(folder) as index:
        index.upsert(_vectors(range(32)))
        _settle(index)
        index.upsert(_vectors(range(32, 39)))
        _settle(index)
        assert _ids(index, 32) == ["v32", "v31", "v33"]
        assert read == [32, 33]
        index.upsert(_vectors(range(39, 41)))
        _settle(index)
        assert len(_ids(index, 32)) == 3
        assert read == [32, 33]


def test_a_segment_that_is_full_has_all_heads(folder: Path, read: list[int]) -> None:
    with _open(folder) as index:
        index.upsert(_vectors(range(_SEGMENT_ROWS - 1)))
        _settle(index)
        index.upsert(_vectors(range(_SEGMENT_ROWS - 1, _SEGMENT_ROWS + 1)))
        _settle(index)
        _ids(index, _SEGMENT_ROWS - 1)
        assert read == [_SEGMENT_ROWS]


def test_few_rows_have_no_heads(folder: Path) -> None:
    with _open(folder) as index:
        index.upsert(_vectors(range(tiny.TAIL_ROWS - 1)))
        _settle(index)
    assert _files(folder) == []


def test_the_dead_give_their_heads_back(folder: Path) -> None:
    with _open(folder) as index:
        index.upsert(_vectors(range(2 * _SEGMENT_ROWS)))
        _settle(index)
        before = [path.stat().st_size for path in _files(folder)]
        index.delete_by_ids([f"v{n}" for n in range(40)])
        _settle(index)
        after = [path.stat().st_size for path in _files(folder)]
        assert after[0] < before[0]
        assert after[1] == before[1]
        index.delete_by_ids([f"v{n}" for n in range(40, _SEGMENT_ROWS)])
        _settle(index)
        assert [path.name for path in _files(folder)] == ["00000001.heads"]
        assert _ids(index, 0) == ["v64", "v65", "v66"]


def _flip_all(path: Path) -> None:
    """Every record is damaged, what the file is about is not."""
    data = bytearray(path.read_bytes())
    place = len(data) - 1
    while place > len(data) - 1_000:
        data[place] ^= 1
        place -= 7
    path.write_bytes(data)


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:30])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [_flip_all, _truncate, _empty, Path.unlink])
def test_damaged_heads_are_built_again(folder: Path, read: list[int], damage: Any) -> None:
    with _open(folder) as index:
        index.upsert(_vectors(range(_SEGMENT_ROWS)))
        _settle(index)
    [path] = _files(folder)
    damage(path)
    with _open(folder) as index:
        for n in range(1, _SEGMENT_ROWS - 1):
            assert set(_ids(index, n)) == {f"v{n - 1}", f"v{n}", f"v{n + 1}"}
        assert len(read) > 100
        index.upsert(_vectors(range(_SEGMENT_ROWS, 2 * _SEGMENT_ROWS)))
        _settle(index)
        assert len(_files(folder)) == 2
        read.clear()
        assert _ids(index, 30) == ["v30", "v29", "v31"]
        assert read == []


def _restored_and_written_to(folder: Path) -> list[str]:
    """The ids near 30 of an index that went back to a copy of its truth, but not of its heads."""
    with _open(folder) as index:
        index.upsert(_vectors(range(8)))
        _settle(index)
    shutil.copytree(folder, folder.with_name("copy"))
    with _open(folder) as index:
        index.upsert(_vectors(range(8, _SEGMENT_ROWS), "lost"))
        _settle(index)
    kept = [(path.relative_to(folder), path.read_bytes()) for path in _files(folder)]
    shutil.rmtree(folder)
    folder.with_name("copy").rename(folder)
    with _open(folder) as index:
        index.upsert(_vectors(range(8, _SEGMENT_ROWS), "new"))
        _settle(index)
    for path, data in kept:
        (folder / path).write_bytes(data)
    with _open(folder) as index:
        return _ids(index, 30)


def test_heads_of_another_past_are_not_used(folder: Path) -> None:
    assert _restored_and_written_to(folder) == ["new30", "new29", "new31"]


def test_that_test_would_notice(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: heads are used whatever their index was like."""
    monkeypatch.setattr(About, "is_past_of", lambda *_: True)
    assert _restored_and_written_to(folder) == ["lost30", "lost29", "lost31"]


def test_a_damaged_vector_is_still_an_error(folder: Path) -> None:
    with _open(folder) as index:
        index.upsert(_vectors(range(_SEGMENT_ROWS)))
        _settle(index)
    [path] = folder.glob("indexes/*/rows/*")
    data = bytearray(path.read_bytes())
    data[30 * 8 + 4] ^= 1
    path.write_bytes(data)
    with _open(folder) as index, pytest.raises(StorageUnavailable, match="row 30 of"):
        _ids(index, 30)
    assert len(_files(folder)) == 1


def test_a_file_that_is_none_is_removed(folder: Path) -> None:
    with _open(folder) as index:
        index.upsert(_vectors(range(_SEGMENT_ROWS)))
        _settle(index)
    [path] = _files(folder)
    stray = path.with_name("00000000.heads.new")
    stray.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DamagedHeads):
        Heads(stray)
    with _open(folder) as index:
        assert _ids(index, 1) == ["v1", "v0", "v2"]
    assert _files(folder) == [path]
