"""Crashes and syncs where files begin and end: segments, logs, checkpoints, whole indexes."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.crash.churn import Churn
from tests.crash.trace import SYSCALLS, unsafe_answers
from tests.crash.workload import DIMENSIONS, INDEX, Client, stored, vector_of
from tests.support.server import Server

_SHRUNK = (sys.executable, str(Path(__file__).parent / "shrunk.py"))
_CLIENTS = 4
_BATCHES = [1, 63, 1, 64, 65, 200, 7, 130]


@pytest.fixture
def loops(in_ci: bool) -> int:
    """How often to kill: VECINITY_CRASH_LOOPS, else 10 in CI and 3 elsewhere."""
    return int(os.environ.get("VECINITY_CRASH_LOOPS", "10" if in_ci else "3"))


def _create(http: httpx2.Client, name: str = INDEX) -> httpx2.Response:
    config = {"dimensions": DIMENSIONS, "metric": "cosine"}
    return http.post("/indexes", json={"name": name, "config": config})


class _Crashes:
    """A server that is killed and started over, clients, and what they found wrong.

    Attributes:
        row_files: number and generation of those that there were at the crashes so far.
    """

    def __init__(self, folder: Path, bug: str, seed: int) -> None:
        self.data = folder / "data"
        self.clients = [Client(number, seed) for number in range(_CLIENTS)]
        self.churn = Churn(seed)
        self.row_files: set[tuple[int, int]] = set()
        self._copy = folder / "copy"
        self._command = (*_SHRUNK, bug)
        self._server = self._start()
        with self._server.client() as http:
            assert _create(http).status_code == 200

    def crash(self, seconds: float) -> list[str]:
        """Write for a while, kill, start; returns what is wrong then."""
        stop = threading.Event()
        writers = [
            threading.Thread(target=client.run, args=(self._server, stop))
            for client in self.clients
        ]
        writers.append(threading.Thread(target=self.churn.run, args=(self._server,)))
        for writer in writers:
            writer.start()
        time.sleep(seconds)  # the moment of the crash
        self._server.kill()
        for writer in writers:
            writer.join()
        for path in self.data.glob("indexes/*/rows/*.f32"):
            number, generation = path.stem.split("-")
            self.row_files.add((int(number), int(generation)))
        with self._verified() as problems:
            self._server = self._start()
        with self._server.client() as http:
            found = stored(http)
            problems += self.churn.settle(http, self.data)
        return problems + [text for client in self.clients if (text := client.settle(found))]

    def end(self) -> None:
        self._server.kill()

    def _start(self) -> Server:
        return Server(self.data, command=self._command)

    @contextmanager
    def _verified(self) -> Iterator[list[str]]:
        """A copy of the crashed directory is verified meanwhile; yields where problems go."""
        shutil.rmtree(self._copy, ignore_errors=True)
        shutil.copytree(self.data, self._copy)
        verify = subprocess.Popen(
            [sys.executable, "-m", "vecinity", "verify", "--data", str(self._copy)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        problems: list[str] = []
        yield problems
        _, text = verify.communicate(timeout=60)
        if verify.returncode:
            problems.append(f"verify: {text}")


def test_nothing_is_lost_where_files_end(tmp_path: Path, loops: int) -> None:
    seed = random.randrange(2**32)
    moments = random.Random(seed)
    crashes = _Crashes(tmp_path, "none", seed)
    for loop in range(loops):
        problems = crashes.crash(moments.uniform(0.1, 0.7))
        assert not problems, f"seed {seed}, loop {loop}: {problems}"
    crashes.end()
    segments = max(number for number, _ in crashes.row_files)
    rewritten = sum(generation > 0 for _, generation in crashes.row_files)
    changes = crashes.churn.changes
    print(f"{loops} kills, {segments} segments, {rewritten} rewritten, {changes} index changes")
    assert segments > loops
    assert rewritten > 0
    assert crashes.churn.changes > loops


def test_a_torn_batch_is_caught(tmp_path: Path) -> None:
    crashes = _Crashes(tmp_path, "half_batches", 7)
    for _ in range(5):
        if problems := crashes.crash(0.3):
            break
    crashes.end()
    assert any("ids differ" in problem for problem in problems)


def _traced(strace: str, folder: Path, bug: str) -> tuple[int, list[str]]:
    """Fill segments and logs, and create indexes, under strace; checks the trace."""
    trace = folder / "trace"
    options = ("-f", "-y", "-o", str(trace), "-e", f"trace={SYSCALLS}", "-s", "64")
    with Server(folder / "data", command=(strace, *options, *_SHRUNK, bug)) as server:
        with server.client() as http:
            answers = [_create(http), _create(http, "other")]
            for number, size in enumerate(_BATCHES):
                body = {"vectors": [vector_of(f"{number}-{n}", n) for n in range(size)]}
                answers.append(http.post(f"/indexes/{INDEX}/upsert", json=body))
            answers += [http.delete("/indexes/other"), _create(http, "other")]
        server.kill()
    assert {answer.status_code for answer in answers} == {200}
    text = trace.read_text(errors="replace")
    assert f"rows/{sum(_BATCHES) // 64:08d}-0.f32" in text, "too few segments"
    assert any("pwrite64" in line and "/index.db>" in line for line in text.splitlines()), (
        "no checkpoint"
    )
    return unsafe_answers(trace, folder / "data")


def test_new_files_are_synced_with_their_names(strace: str, tmp_path: Path) -> None:
    assert _traced(strace, tmp_path, "none") == (len(_BATCHES) + 4, [])


def test_a_missing_sync_of_a_folder_is_caught(strace: str, tmp_path: Path) -> None:
    _, problems = _traced(strace, tmp_path, "no_folder_sync")
    assert sum("/rows'" in problem for problem in problems) >= 4
