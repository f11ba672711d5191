"""Where the disk fails or holds what can't be read: a clear answer, and nothing half done."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.crash.workload import DIMENSIONS, INDEX, stored, vector_of
from tests.support.server import Server
from vecinity.local.format import VERSION

_VECTORS = 100


def _create(http: httpx2.Client, name: str) -> None:
    config = {"dimensions": DIMENSIONS, "metric": "cosine"}
    response = http.post("/indexes", json={"name": name, "config": config})
    assert response.status_code == 200, response.text


def _upsert(http: httpx2.Client, version: int, name: str = INDEX) -> httpx2.Response:
    body = {"vectors": [vector_of(f"v{n}", version) for n in range(_VECTORS)]}
    return http.post(f"/indexes/{name}/upsert", json=body)


def _prepare(http: httpx2.Client) -> None:
    """Two indexes of `_VECTORS` vectors, all of version 1."""
    for name in (INDEX, "other"):
        _create(http, name)
        assert _upsert(http, 1, name).status_code == 200


def _of_version(version: int) -> dict[str, int]:
    return {f"v{n}": version for n in range(_VECTORS)}


def _refused(response: httpx2.Response) -> str:
    [error] = response.json()["errors"]
    assert (response.status_code, error["code"]) == (503, 40050), response.text
    text: str = error["message"]
    return text


def _database(data: Path, name: str) -> Path:
    """The index.db of an index."""
    connection = sqlite3.connect(data / "catalog.db")
    try:
        query = "SELECT uuid FROM indexes WHERE name = ?"
        [(uuid,)] = connection.execute(query, (name,))
    finally:
        connection.close()
    return data / "indexes" / str(uuid) / "index.db"


def _set_format(path: Path, version: int) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


def _fill(disk: Path) -> None:
    """Take the last byte of `disk`, also what is left in half-empty pages."""
    with (disk / "filler").open("ab", buffering=0) as file:
        while free := shutil.disk_usage(disk).free:
            file.write(bytes(free))


def _run(command: str, data: Path) -> subprocess.CompletedProcess[str]:
    """Run a command that must end by itself."""
    port = ["--port", "0"] if command == "serve" else []
    arguments = [sys.executable, "-m", "vecinity", command, *port, "--data", str(data)]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=30)


def _is_said(done: subprocess.CompletedProcess[str], text: str) -> None:
    """The command failed, and said why in a line and not in a traceback."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert text in done.stderr


def test_an_index_that_a_full_disk_kept_from_being_deleted_stays(small_disk: Path) -> None:
    with Server(small_disk / "data") as server, server.client() as http:
        _prepare(http)
        _fill(small_disk)
        assert "full" in _refused(http.delete(f"/indexes/{INDEX}"))
        assert stored(http) == _of_version(1)
        (small_disk / "filler").unlink()
        assert stored(http) == _of_version(1)
        assert http.delete(f"/indexes/{INDEX}").status_code == 200
        assert http.get(f"/indexes/{INDEX}").status_code == 410


@pytest.mark.parametrize("command", ["serve", "verify"])
def test_a_start_on_a_full_disk_says_why(small_disk: Path, command: str) -> None:
    data = small_disk / "data"
    with Server(data) as server, server.client() as http:
        _prepare(http)
    _fill(small_disk)
    _is_said(_run(command, data), "catalog.db")
    (small_disk / "filler").unlink()
    with Server(data) as server, server.client() as http:
        assert stored(http) == _of_version(1)


@pytest.mark.parametrize("command", ["serve", "verify"])
def test_an_unreadable_catalogue_is_named(tmp_path: Path, command: str) -> None:
    with Server(tmp_path):
        pass
    (tmp_path / "catalog.db").write_bytes(b"no database " * 1_000)
    _is_said(_run(command, tmp_path), "catalog.db")
    assert (tmp_path / "catalog.db").read_bytes() == b"no database " * 1_000


@pytest.mark.parametrize("command", ["serve", "verify"])
def test_a_newer_data_directory_is_refused(tmp_path: Path, command: str) -> None:
    with Server(tmp_path) as server, server.client() as http:
        _prepare(http)
    _set_format(tmp_path / "catalog.db", VERSION + 1)
    _is_said(_run(command, tmp_path), f"catalog.db has format {VERSION + 1}")
    _set_format(tmp_path / "catalog.db", VERSION)
    with Server(tmp_path) as server, server.client() as http:
        assert stored(http) == _of_version(1)


def test_a_newer_index_is_refused_alone(tmp_path: Path) -> None:
    with Server(tmp_path) as server, server.client() as http:
        _prepare(http)
    _set_format(_database(tmp_path, "other"), VERSION + 1)
    said = f"index.db has format {VERSION + 1}"
    with Server(tmp_path) as server, server.client() as http:
        assert said in _refused(http.get("/indexes/other/info"))
        assert said in _refused(_upsert(http, 2, "other"))
        assert stored(http) == _of_version(1)
        assert _upsert(http, 2).status_code == 200
        assert "Traceback" not in server.log()
    _is_said(_run("verify", tmp_path), "other: ")


@contextmanager
def _failing(strace: str, server: Server, path: Path, calls: str) -> Iterator[None]:
    """Inside the block these system calls of the server fail with EIO on the file `path`."""
    command = [strace, "-f", "-p", str(server.process.pid), "-o", os.devnull, "-P", str(path)]
    inject = ["-e", f"trace={calls}", "-e", f"inject={calls}:error=EIO"]
    tracer = subprocess.Popen([*command, *inject], stderr=subprocess.PIPE, text=True)
    assert tracer.stderr is not None
    assert "attached" in tracer.stderr.readline()
    try:
        yield
    finally:
        tracer.terminate()
        tracer.communicate()


@pytest.mark.parametrize("calls", ["fsync,fdatasync", "pwrite64"])
def test_a_failing_log_makes_the_index_read_only(strace: str, tmp_path: Path, calls: str) -> None:
    with Server(tmp_path) as server, server.client() as http:
        _prepare(http)
        log = _database(tmp_path, INDEX).with_name("index.db-wal")
        with _failing(strace, server, log, calls):
            assert "I/O error" in _refused(_upsert(http, 2))
            assert _upsert(http, 2, "other").status_code == 200
        ids = {"ids": ["v1"]}
        for response in (
            _upsert(http, 3),
            http.post(f"/indexes/{INDEX}/delete_by_ids", json=ids),
        ):
            assert "read-only until reopened" in _refused(response)
        assert stored(http) == _of_version(1)
        server.kill()
    with Server(tmp_path) as server, server.client() as http:
        # nobody knows what became of the commit, but it is there in full or not at all
        assert stored(http) in (_of_version(1), _of_version(2))
        assert _upsert(http, 4).status_code == 200
        assert stored(http) == _of_version(4)
    assert _run("verify", tmp_path).returncode == 0
