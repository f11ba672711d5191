"""Every answer to a write leaves after the syncs: kill -9 alone could never tell."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.crash.trace import SYSCALLS, unsafe_answers
from tests.crash.workload import DIMENSIONS, INDEX, vector_of
from tests.support.server import Server

_WRITES = 20
_PLANTED = (sys.executable, str(Path(__file__).parent / "planted.py"))


def _traced(strace: str, tmp_path: Path, command: tuple[str, ...]) -> tuple[int, list[str]]:
    """Run some writes of every kind under strace and check the trace."""
    trace = tmp_path / "trace"
    options = ("-f", "-y", "-o", str(trace), "-e", f"trace={SYSCALLS}", "-s", "64")
    with Server(tmp_path / "data", command=(strace, *options, *command)) as server:
        _write(server)
        server.kill()
    return unsafe_answers(trace, tmp_path / "data")


def _write(server: Server) -> None:
    with server.client() as http:
        config = {"dimensions": DIMENSIONS, "metric": "cosine"}
        answers = [http.post("/indexes", json={"name": INDEX, "config": config})]
        index = {"propertyName": "version", "indexType": "number"}
        answers.append(http.post(f"/indexes/{INDEX}/metadata_index/create", json=index))
        for number in range(_WRITES):
            body = {"vectors": [vector_of(f"{number}-{n}", n) for n in range(1 + 10 * number)]}
            operation = "upsert" if number % 2 else "insert"
            answers.append(http.post(f"/indexes/{INDEX}/{operation}", json=body))
        answers.append(http.post(f"/indexes/{INDEX}/delete_by_ids", json={"ids": ["1-1"]}))
        answers.append(http.delete(f"/indexes/{INDEX}"))
    assert {answer.status_code for answer in answers} == {200}


def test_every_answer_follows_the_syncs(strace: str, tmp_path: Path) -> None:
    answers, problems = _traced(strace, tmp_path, (sys.executable, "-m", "vecinity"))
    assert (answers, problems) == (_WRITES + 4, [])


@pytest.mark.parametrize(
    ("bug", "file"), [("no_sync", "rows/00000000-0.f32"), ("sqlite_normal", "index.db-wal")]
)
def test_a_missing_sync_is_caught(strace: str, tmp_path: Path, bug: str, file: str) -> None:
    answers, problems = _traced(strace, tmp_path, (*_PLANTED, bug))
    assert answers == _WRITES + 4
    assert sum(file in problem for problem in problems) >= _WRITES
