"""More indexes than may be open at once: all of them answer, files stay few."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import vecinity
from vecinity.errors import StorageUnavailable
from vecinity.limits import CLOUDFLARE
from vecinity.local.engine import LocalEngine

_INDEXES = 60


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else 0


def test_indexes_beyond_the_capacity_are_closed_and_opened_again(tmp_path: Path) -> None:
    before = _open_files()
    with vecinity.Database(LocalEngine(tmp_path, open_indexes=4), CLOUDFLARE) as db:
        for number in range(_INDEXES):
            db.create_index(f"i{number}", dimensions=32, metric="cosine")
            db.index(f"i{number}").insert([{"id": "a", "values": [number + 1.0] * 32}])
        for number in range(_INDEXES):
            [vector] = db.index(f"i{number}").get_by_ids(["a"])
            assert vector.values[0] == number + 1.0
        assert _open_files() - before < 4 * 10 + 10
    assert _open_files() <= before + 1


def test_many_threads_on_many_indexes(tmp_path: Path) -> None:
    failures: list[BaseException] = []
    with vecinity.Database(LocalEngine(tmp_path, open_indexes=3), CLOUDFLARE) as db:
        for number in range(12):
            db.create_index(f"i{number}", dimensions=32, metric="cosine")

        def work(thread: int) -> None:
            try:
                for turn in range(40):
                    index = db.index(f"i{(thread + turn) % 12}")
                    index.insert([{"id": f"{thread}-{turn}", "values": [1.0] * 32}])
                    assert index.get_by_ids([f"{thread}-{turn}"])
            except BaseException as error:
                failures.append(error)
                raise

        threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        counts = [db.index(f"i{number}").describe().vector_count for number in range(12)]
    assert sum(counts) == 6 * 40


def test_nothing_is_opened_after_the_end(tmp_path: Path) -> None:
    """The directory may be another process's by then."""
    with vecinity.open(tmp_path) as db:
        db.create_index("docs", dimensions=32, metric="cosine")
        index = db.index("docs")
        index.insert([{"id": "a", "values": [1.0] * 32}])
    before = _open_files()
    with pytest.raises(StorageUnavailable, match="the database is closed"):
        index.get_by_ids(["a"])
    with pytest.raises(StorageUnavailable, match="the database is closed"):
        index.delete_by_ids(["a"])
    assert _open_files() == before
