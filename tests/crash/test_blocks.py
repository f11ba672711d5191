"""Crashes while blocks are sealed and merged, and damaged blocks: nothing lost, nothing wrong."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import vecinity
from tests.crash.sealing import DIMENSIONS, STEPS, state_after
from tests.support import tiny
from vecinity.local import block
from vecinity.local.background import Background
from vecinity.local.blocks import Job
from vecinity.local.builder import Builder
from vecinity.local.engine import LocalEngine
from vecinity.local.heads import Heads
from vecinity.metric import FloatArray, Metric, scores

_KILLED = 9


def _die_at(data: Path, step: str, times: int) -> int:
    """Writes acknowledged before the process died at `step`."""
    command = [sys.executable, "-m", "tests.crash.sealing", str(data), step, str(times)]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == _KILLED, ended.stderr
    return ended.stdout.count("acknowledged")


def _problem(data: Path, acknowledged: int) -> str | None:
    """What is wrong with the index, if anything; the last write may be there or not."""
    with vecinity.open(data) as database:
        index = database.index("i")
        ids = index.list_vectors(1_000).ids
        for writes in (acknowledged, acknowledged + 1):
            state = state_after(writes)
            if sorted(state) == ids and _holds(index, state):
                return _wrong_answer(index, state)
    return f"{len(ids)} vectors are not those after {acknowledged} writes"


def _holds(index: vecinity.Index, state: dict[str, FloatArray]) -> bool:
    ids = sorted(state)
    for start in range(0, len(ids), 20):
        for vector in index.get_by_ids(ids[start : start + 20]):
            if not np.array_equal(vector.values, state[vector.id]):
                return False
    return True


def _wrong_answer(index: vecinity.Index, state: dict[str, FloatArray]) -> str | None:
    ids = sorted(state)
    matrix = np.array([state[vector_id] for vector_id in ids])
    for query in np.random.default_rng(1).standard_normal((20, DIMENSIONS)).astype(np.float32):
        expected = np.sort(scores(Metric.COSINE, query, matrix))[::-1][:3]
        matches = index.query(query, top_k=3)
        found = [match.score for match in matches]
        if not np.allclose(found, expected, atol=1e-6):
            return f"scores {found}, not {expected}"
        unknown = np.zeros(DIMENSIONS, np.float32)
        named = np.array([state.get(match.id, unknown) for match in matches])
        if not np.allclose(found, scores(Metric.COSINE, query, named), atol=1e-6):
            return f"ids {[match.id for match in matches]} have other scores than {found}"
    return None


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> type[tiny.Counted]:
    return tiny.shrink(monkeypatch, at_once=False)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("times", [1, 3])
def test_death_at_a_step(
    tmp_path: Path, step: str, times: int, counted: type[tiny.Counted]
) -> None:
    acknowledged = _die_at(tmp_path / "data", step, times)
    assert _problem(tmp_path / "data", acknowledged) is None
    with closing(LocalEngine(tmp_path / "data")) as engine:
        assert list(engine.verify()) == []


def test_a_block_that_lacks_rows_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counted: type[tiny.Counted]
) -> None:
    """The planted bug: a block claims rows that were written after it was built."""
    data = tmp_path / "data"
    acknowledged = _die_at(data, "begun", 2)
    [path] = data.glob("indexes/*/derived/blocks/*.block")
    found = block.load(path, _uuid_of(path))
    block.save(dataclasses.replace(found, end=found.end + 4), _uuid_of(path))
    monkeypatch.setattr(Background, "poke", lambda *_: None)  # it would build a right one
    assert "scores" in str(_problem(data, acknowledged))


def test_heads_that_name_other_rows_are_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counted: type[tiny.Counted]
) -> None:
    """The planted bug: each row has the id of another."""
    data = tmp_path / "data"
    acknowledged = _die_at(data, "heads published", 2)
    monkeypatch.setattr(Background, "poke", lambda *_: None)  # it would build right ones
    assert _problem(data, acknowledged) is None
    monkeypatch.setattr(Heads, "of", lambda _, row, values: (f"v{row % 60}", None))
    assert "have other scores" in str(_problem(data, acknowledged))


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[random.randrange(len(data))] ^= 0x10
    path.write_bytes(data)


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: random.randrange(1, path.stat().st_size)])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _foreign(path: Path) -> None:
    """A whole block of the same rows, but of another index."""
    found = block.load(path, _uuid_of(path))
    block.save(found, "another")


def _uuid_of(path: Path) -> str:
    return path.parents[2].name


def _remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("damage", [_flip, _truncate, _empty, _foreign, _remove])
def test_a_damaged_block_is_built_again(
    tmp_path: Path, damage: object, counted: type[tiny.Counted]
) -> None:
    data = tmp_path / "data"
    acknowledged = _die_at(data, "removed", 3)
    for path in data.glob("indexes/*/derived/blocks/*.block"):
        damage(path)  # type: ignore[operator] # one of the above
    before = counted.builds
    assert _problem(data, acknowledged) is None
    with vecinity.open(data) as database:
        database.index("i").describe()
        assert database.wait_indexed(timeout=20)
    assert counted.builds > before
    assert _problem(data, acknowledged) is None


def test_a_file_that_was_written_badly_is_built_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counted: type[tiny.Counted]
) -> None:
    """The first block and the first heads are cut short before they are put to use."""
    monkeypatch.setattr("vecinity.local.background._RETRY_SECONDS", 0.1)
    whole = Builder.build
    cut: set[str] = set()

    def build(self: Builder, folder: Path, job: Job) -> Path | None:
        path = whole(self, folder, job)
        if path is not None and job.kind not in cut:
            cut.add(job.kind)
            path.write_bytes(path.read_bytes()[:40])
        return path

    monkeypatch.setattr(Builder, "build", build)
    values = np.random.default_rng(0).standard_normal((64, DIMENSIONS)).astype(np.float32)
    with vecinity.open(tmp_path / "data") as database:
        database.create_index("i", dimensions=DIMENSIONS, metric="cosine")
        index = database.index("i")
        index.insert({"id": f"v{n}", "values": row} for n, row in enumerate(values))
        assert database.wait_indexed(timeout=20)
        sizes: list[int] = []
        end = time.monotonic() + 20
        while max(sizes, default=0) < 1_000 and time.monotonic() < end:
            time.sleep(0.01)
            sizes = [path.stat().st_size for path in tmp_path.rglob("*.heads")]
        assert cut == {"block", "heads"}
        assert max(sizes) > 1_000
        assert index.query(values[7], top_k=1)[0].id == "v7"


def test_the_building_process_may_die(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """kill -9 again and again: the index answers, and is built in the end."""
    monkeypatch.setattr("vecinity.local.background._RETRY_SECONDS", 0.1)
    values = np.random.default_rng(0).standard_normal((6_000, DIMENSIONS)).astype(np.float32)
    with vecinity.open(tmp_path / "data", profile="open") as database:
        database.create_index("i", dimensions=DIMENSIONS, metric="cosine")
        index = database.index("i")
        index.insert({"id": f"v{n}", "values": row} for n, row in enumerate(values))
        killed: set[int] = set()
        for _ in range(3):
            _kill_child("build_process", killed)
            [match] = index.query(values[5], top_k=1)
            assert match.id == "v5"
        assert database.wait_indexed(timeout=60)
        [match] = index.query(values[7], top_k=1)
        assert match.id == "v7"


def _kill_child(name: str, killed: set[int]) -> None:
    """Kill a child process that is none of `killed`, and add it to them."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        listed = subprocess.run(
            ["pgrep", "-P", str(os.getpid()), "-f", name], capture_output=True, text=True
        )
        for pid in set(map(int, listed.stdout.split())) - killed:
            # one that ends by itself meanwhile was not killed
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
                return
        time.sleep(0.01)
    pytest.fail(f"no process {name}")


def test_closing_ends_the_building_process(tmp_path: Path) -> None:
    values = np.random.default_rng(0).standard_normal((6_000, DIMENSIONS)).astype(np.float32)
    database = vecinity.open(tmp_path / "data", profile="open")
    database.create_index("i", dimensions=DIMENSIONS, metric="cosine")
    database.index("i").insert({"id": f"v{n}", "values": row} for n, row in enumerate(values))
    start = time.monotonic()
    database.close()
    assert time.monotonic() - start < 5
    listed = subprocess.run(
        ["pgrep", "-P", str(os.getpid()), "-f", "build_process"], capture_output=True
    )
    assert not listed.stdout
