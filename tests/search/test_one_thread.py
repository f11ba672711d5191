"""A query takes one core, whatever faiss would take: many cores are for many queries."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import vecinity
from tests.support.made import made

_ROWS = 20_000
_DIMENSIONS = 48

_QUERIES = """
import contextlib, os, sys
import vecinity
from tests.support.made import made
from vecinity.local import search

if sys.argv[2] == "planted":
    search.OneThread = contextlib.nullcontext
with vecinity.open(sys.argv[1], profile="open") as database:
    index = database.index("i")
    [query] = made(1, 48, 2, longest=2)
    index.get_by_ids(["1"])
    before = len(os.listdir("/proc/self/task"))
    for recall_target in (0.9, 0.97, 1.0):
        for filter in (None, {"part": 0}, {"part": {"$lt": 50}}):
            index.query(query, recall_target=recall_target, filter=filter)
    print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index at rest, a few of whose rows are dead, with `part`, 0 to 99."""
    folder = tmp_path_factory.mktemp("one-thread")
    with vecinity.open(folder, profile="open") as database:
        database.create_index("i", dimensions=_DIMENSIONS, metric="cosine")
        index = database.index("i")
        index.create_metadata_index("part", "number")
        values = made(_ROWS, _DIMENSIONS, 1, longest=2)
        metadata = [{"part": number % 100} for number in range(_ROWS)]
        index.insert_arrays([str(number) for number in range(_ROWS)], values, metadata=metadata)
        index.delete_by_ids(["0", "77"])
        assert database.wait_indexed(timeout=120)
    return folder


def _started(folder: Path, how: str) -> int:
    """How many threads queries start in a fresh process that may take four cores."""
    ran = subprocess.run(
        [sys.executable, "-c", _QUERIES, str(folder), how],
        env={**os.environ, "OMP_NUM_THREADS": "4"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return int(ran.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_queries_start_no_threads(folder: Path) -> None:
    assert _started(folder, "as it is") == 0
    assert _started(folder, "planted") > 0
