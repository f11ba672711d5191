"""The power fails at every step of burial and compaction: nothing is lost, nothing is wrong."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import vecinity
from tests.crash import compacting
from tests.crash.compacting import State, state_of, vectors
from vecinity.errors import VectorizeError
from vecinity.limits import OPEN
from vecinity.local.engine import LocalEngine

_MOMENTS = [
    *(f"{when} {what}" for what in ("copy", "sync", "removal") for when in ("before", "after")),
    *(
        moment
        for what in ("bury", "replace", "forget", "forget_mutations", "give_back")
        for moment in (f"before {what}", f"after {what}", f"after commit of {what}")
    ),
]


def _crash(folder: Path, moment: str, count: int, bug: str = "no_bug") -> int:
    """Write until `moment` comes for the `count`-th time; the version acknowledged last."""
    program = [sys.executable, "-m", compacting.__name__, str(folder), moment, str(count), bug]
    ended = subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 9, f"{moment!r} did not come {count} times: {ended.stderr}"
    return int(ended.stdout.split()[-1]) if ended.stdout else 0


def _problems(folder: Path) -> list[str]:
    local = LocalEngine(folder)
    try:
        return list(local.verify())
    finally:
        local.close()


def _found(index: vecinity.Index) -> State:
    """What is there, by listing and reading it all; everything must agree."""
    ids = index.list_vectors(count=1_000).ids
    state: State = {}
    for start in range(0, len(ids), 20):
        for vector in index.get_by_ids(ids[start : start + 20]):
            assert vector.metadata is not None
            state[vector.id] = vector.metadata["version"]
            assert vector.values.tolist() == vectors({vector.id: state[vector.id]})[0]["values"]
    assert [*state] == ids
    assert index.describe().vector_count == len(ids)
    for match in index.query([1.0] * compacting.DIMENSIONS, top_k=20, return_metadata="all"):
        assert match.metadata is not None
        assert state[match.id] == match.metadata["version"]
    return state


def _wrong(folder: Path, acknowledged: int) -> list[str]:
    """What is wrong after a crash, and after the index was written to again."""
    problems = _problems(folder)
    local = LocalEngine(folder, profile="open")
    try:
        with vecinity.Database(local, OPEN) as database:
            index = database.index("i")
            if _found(index) not in (state_of(acknowledged), state_of(acknowledged + 1)):
                problems.append(f"not what was acknowledged: {_found(index)}")
            index.upsert(vectors(state_of(101)))
            if _found(index) != state_of(101):
                problems.append("not what was written after")
    except (VectorizeError, AssertionError) as error:
        problems.append(str(error))
    return problems + _leftovers(folder) + _problems(folder)


def _leftovers(folder: Path) -> list[str]:
    """The row files that no segment has."""
    [place] = folder.glob("indexes/*")
    with closing(sqlite3.connect(place / "index.db")) as connection:
        named = {name for (name,) in connection.execute("SELECT file FROM segments")}
    return [f"{path.name} is left" for path in place.glob("rows/*") if path.name not in named]


@pytest.mark.parametrize("count", [1, 6])
@pytest.mark.parametrize("moment", _MOMENTS)
def test_a_crash_loses_nothing(moment: str, count: int, memory_path: Path) -> None:
    acknowledged = _crash(memory_path, moment, count)
    assert _wrong(memory_path, acknowledged) == []


@pytest.mark.parametrize(
    ("moment", "bug"),
    [
        ("after commit of replace", "no_sync"),
        ("before replace", "removed_first"),
        ("before bury", "half_buried"),
    ],
)
def test_a_planted_bug_is_caught(moment: str, bug: str, memory_path: Path) -> None:
    for count in range(1, 6):
        folder = memory_path / str(count)
        if _wrong(folder, _crash(folder, moment, count, bug)):
            return
    pytest.fail("it was not caught")
