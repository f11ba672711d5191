"""A legacy V1 binding in workerd: everything that it offers."""

from __future__ import annotations

from pathlib import Path

from tests.clients.workers import workerd
from tests.clients.workers.outcomes import every_method
from tests.clients.workers.release import Release
from tests.support.server import ACCOUNT, Server

_WORKER = Path(__file__).parent / "workers" / "legacy.mjs"
_INDEX = {"name": "old", "config": {"dimensions": 32, "metric": "euclidean"}}


def _padded(*values: float) -> list[float]:
    return [*values, *[0.0] * (32 - len(values))]


def test_a_v1_binding(release: Release, tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--legacy-v1") as server:
        with server.client() as http:
            url = f"{server.api}/accounts/{ACCOUNT}/vectorize/indexes"
            http.post(url, json=_INDEX).raise_for_status()
        bound = {"INDEX": "old"}
        with workerd.serve(
            release.modules, server, bound, tmp_path, worker=_WORKER, version="v1"
        ) as program:
            outcomes = program.answer()
        crossed = {"MISSING": "old"}
        with workerd.serve(release.modules, server, crossed, tmp_path) as program:
            assert program.answer() == {
                "MISSING": every_method(3004, "vectorize.incorrect_api_version")
            }
    about = outcomes.pop("describe")
    assert about.pop("id")
    assert about == {**_INDEX, "vectorsCount": 3}
    a = {"id": "a", "score": 0, "metadata": {"kind": "x"}}
    assert outcomes == {
        "insert": {"ids": ["a", "b"], "count": 2},
        "insertAgain": {"ids": ["c"], "count": 1},
        "upsert": {"ids": ["c"], "count": 1},
        "query": {"count": 2, "matches": [a, {"id": "b", "score": 1, "namespace": "n"}]},
        "filter": {"count": 1, "matches": [{"id": "a", "score": 0}]},
        "tooMany": {"error": "VECTOR_QUERY_ERROR (code = 40025): max top K is 20, but got 21"},
        "queryById": {"error": "QueryById operation is not supported for v1 indexes."},
        "getByIds": [{"id": "c", "values": _padded(4)}],
        "deleteByIds": {"ids": ["c"], "count": 1},
    }
