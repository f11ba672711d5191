"""A Worker on workerd itself: the server behind the binding by workerd's own configuration."""

from __future__ import annotations

from pathlib import Path

from tests.clients.workers import workerd
from tests.clients.workers.check import check
from tests.clients.workers.indexes import Indexes
from tests.clients.workers.outcomes import every_method, failed, query_failed, upsert_failed
from tests.clients.workers.release import Release
from tests.support.server import Server


def test_workerd(release: Release, indexes: Indexes, tmp_path: Path) -> None:
    bound = indexes.of(f"workerd-{release.slug}")
    with workerd.serve(release.modules, indexes.server, bound, tmp_path) as program:
        check(program.answer())


def test_a_wrong_token(release: Release, indexes: Indexes, tmp_path: Path) -> None:
    bound = {"MISSING": "any"}
    with workerd.serve(release.modules, indexes.server, bound, tmp_path, "wrong") as program:
        assert program.answer() == {"MISSING": every_method(10000, "Authentication error")}


def test_a_server_that_fails(release: Release, tmp_path: Path) -> None:
    faults = {"query": 40041, "upsert": 40050, "info": 10500}
    flags = [f"--fail=rate=1,code={code},operation={name}" for name, code in faults.items()]
    with (
        Server(tmp_path / "data", *flags) as server,
        workerd.serve(release.modules, server, {"MISSING": "never"}, tmp_path) as program,
    ):
        outcomes = program.answer()["MISSING"]
    limited = query_failed(40041, "Too Many Requests")
    assert outcomes == {
        **every_method(3000, 'vectorize.index.not_found - Index name "never"'),
        "describe": failed("INDEX_GET", 10500, "Internal server error"),
        "query": limited,
        "queryById": limited,
        "upsert": upsert_failed(40050, "storage unavailable: <why>"),
    }
