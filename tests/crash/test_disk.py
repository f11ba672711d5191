"""A full disk, a failing disk, a second process: refused clearly, and nothing lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from tests.crash.workload import DIMENSIONS, INDEX, vector_of
from tests.support.server import Server


def _create(http: httpx2.Client) -> None:
    config = {"dimensions": DIMENSIONS, "metric": "cosine"}
    response = http.post("/indexes", json={"name": INDEX, "config": config})
    assert response.status_code == 200, response.text


def _insert(http: httpx2.Client, number: int) -> httpx2.Response:
    body = {"vectors": [vector_of(f"{number}-{n}", n) for n in range(100)]}
    return http.post(f"/indexes/{INDEX}/insert", json=body)


def _count(http: httpx2.Client) -> int:
    count: int = http.get(f"/indexes/{INDEX}/info").json()["result"]["vectorCount"]
    return count


def _is_there(http: httpx2.Client, number: int) -> bool:
    vector = vector_of(f"{number}-7", 7)
    body = {"ids": [vector["id"]]}
    found: list[Any] = http.post(f"/indexes/{INDEX}/get_by_ids", json=body).json()["result"]
    return found == [vector]


def _refused(response: httpx2.Response) -> str:
    [error] = response.json()["errors"]
    assert (response.status_code, error["code"]) == (503, 40050)
    text: str = error["message"]
    assert text.startswith("vectorize.upstream_error - storage unavailable: ")
    return text


def test_a_full_disk_loses_nothing_and_recovers(small_disk: Path) -> None:
    with Server(small_disk / "data") as server, server.client() as http:
        _create(http)
        number = 0
        while (response := _insert(http, number)).status_code == 200:
            number += 1
            assert number < 1_000, "the disk never fills up"
        text = _refused(response)
        assert "full" in text or "No space left" in text
        assert _count(http) == number * 100
        assert all(_is_there(http, n) for n in range(number))
        _refused(_insert(http, number))
        (small_disk / "filler").unlink()
        assert _insert(http, number).status_code == 200
        assert _count(http) == (number + 1) * 100
        assert "Traceback" not in server.log()
        server.kill()
    with Server(small_disk / "data") as server, server.client() as http:
        assert _count(http) == (number + 1) * 100
        assert all(_is_there(http, n) for n in range(number + 1))


def test_an_index_cannot_be_created_on_a_full_disk(small_disk: Path) -> None:
    with Server(small_disk / "data") as server, server.client() as http:
        _create(http)
        free = shutil.disk_usage(small_disk).free
        (small_disk / "more").write_bytes(bytes(free))
        config = {"dimensions": DIMENSIONS, "metric": "cosine"}
        response = http.post("/indexes", json={"name": "late", "config": config})
        assert (response.status_code, response.json()["errors"][0]["code"]) == (503, 40050)
        (small_disk / "more").unlink()
        assert http.get("/indexes/late").status_code == 404
        response = http.post("/indexes", json={"name": "late", "config": config})
        assert response.status_code == 200, response.text


@contextmanager
def _failing_syncs(server: Server, strace: str) -> Iterator[None]:
    """Every fdatasync of the server fails with EIO inside the block."""
    inject = "inject=fdatasync:error=EIO"
    command = [strace, "-f", "-p", str(server.process.pid), "-o", os.devnull]
    tracer = subprocess.Popen(
        [*command, "-e", "trace=fdatasync", "-e", inject], stderr=subprocess.PIPE, text=True
    )
    assert tracer.stderr is not None
    assert "attached" in tracer.stderr.readline()
    try:
        yield
    finally:
        tracer.terminate()
        tracer.communicate()


def test_a_failed_sync_makes_the_index_read_only(tmp_path: Path, strace: str) -> None:
    with Server(tmp_path / "data") as server, server.client() as http:
        _create(http)
        assert _insert(http, 0).status_code == 200
        with _failing_syncs(server, strace):
            _refused(_insert(http, 1))
        assert "read-only until reopened" in _refused(_insert(http, 2))
        assert (_count(http), _is_there(http, 0), _is_there(http, 1)) == (100, True, False)
        config = {"dimensions": DIMENSIONS, "metric": "cosine"}
        other = http.post("/indexes", json={"name": "other", "config": config})
        assert other.status_code == 200, "another index is not affected"
    with Server(tmp_path / "data") as server, server.client() as http:
        assert _is_there(http, 0)
        assert _insert(http, 3).status_code == 200


def test_a_second_process_is_refused_by_pid(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        command = [sys.executable, "-m", "vecinity", "serve", "--port", "0", "--data"]
        second = subprocess.run(
            [*command, str(tmp_path / "data")], capture_output=True, text=True, timeout=30
        )
        assert second.returncode == 1
        assert f"in use by process {server.process.pid}" in second.stderr
        assert "Traceback" not in second.stderr
        with server.client() as http:
            assert http.get("/indexes").status_code == 200


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Server(data) as server, server.client() as http:
        _create(http)
        assert _insert(http, 0).status_code == 200
    [index] = (data / "indexes").iterdir()
    strangers = [data / "notes.txt", data / "indexes" / "old.tmp", index / "rows" / "x.tmp"]
    for stranger in strangers:
        stranger.write_text("keep me")
    with Server(data) as server, server.client() as http:
        assert _is_there(http, 0)
    assert [stranger.read_text() for stranger in strangers] == ["keep me"] * 3
