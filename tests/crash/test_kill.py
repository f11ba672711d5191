"""kill -9 in the middle of writes: nothing acknowledged is lost, nothing deleted comes back."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.crash.workload import DIMENSIONS, INDEX, Client, stored
from tests.support.server import Server

_CLIENTS = 4
_READY_SECONDS = 5.0
_PLANTED = (sys.executable, str(Path(__file__).parent / "planted.py"))


@pytest.fixture
def loops(in_ci: bool) -> int:
    """How often to kill: VECINITY_CRASH_LOOPS, else 25 in CI and 5 elsewhere."""
    return int(os.environ.get("VECINITY_CRASH_LOOPS", "25" if in_ci else "5"))


def _create(server: Server) -> None:
    with server.client() as http:
        config = {"dimensions": DIMENSIONS, "metric": "cosine"}
        response = http.post("/indexes", json={"name": INDEX, "config": config})
        assert response.status_code == 200, response.text


def _write_and_kill(server: Server, clients: list[Client], seconds: float) -> None:
    stop = threading.Event()
    threads = [threading.Thread(target=client.run, args=(server, stop)) for client in clients]
    for thread in threads:
        thread.start()
    time.sleep(seconds)  # the moment of the crash
    server.kill()
    stop.set()
    for thread in threads:
        thread.join()


def _settle(server: Server, clients: list[Client]) -> list[str]:
    """Compare what is there with what was acknowledged; returns what is wrong."""
    with server.client() as http:
        found = stored(http)
    return [problem for client in clients if (problem := client.settle(found))]


def test_no_acknowledged_write_is_lost(tmp_path: Path, loops: int) -> None:
    seed = random.randrange(2**32)
    moments = random.Random(seed)
    clients = [Client(number, seed) for number in range(_CLIENTS)]
    server = Server(tmp_path / "data")
    _create(server)
    for loop in range(loops):
        _write_and_kill(server, clients, moments.uniform(0.02, 0.8))
        start = time.monotonic()
        server = Server(tmp_path / "data")
        ready = time.monotonic() - start
        assert ready < _READY_SECONDS
        problems = _settle(server, clients)
        assert not problems, f"seed {seed}, loop {loop}: {problems}"
    assert server.stop() == 0
    verified = subprocess.run(
        [sys.executable, "-m", "vecinity", "verify", "--data", str(tmp_path / "data")],
        capture_output=True,
        text=True,
    )
    assert verified.returncode == 0, verified.stderr
    writes = sum(client.writes for client in clients)
    print(f"{loops} kills, {writes} acknowledged writes, seed {seed}: nothing lost")
    assert writes >= loops


def test_an_answer_before_the_commit_is_caught(tmp_path: Path) -> None:
    clients = [Client(number, 7) for number in range(_CLIENTS)]
    server = Server(tmp_path / "data", command=(*_PLANTED, "ack_before_commit"))
    _create(server)
    for _ in range(10):
        _write_and_kill(server, clients, 0.3)
        server = Server(tmp_path / "data", command=(*_PLANTED, "ack_before_commit"))
        if _settle(server, clients):
            break
    else:
        pytest.fail("the planted bug was not caught")
    server.kill()
