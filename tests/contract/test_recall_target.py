"""The recall target, an extension: a header of the request, an option of the library and server."""

from __future__ import annotations

from pathlib import Path

import httpx2
import numpy as np
import pytest

import vecinity
from tests.contract.api import Index
from tests.support.server import ACCOUNT, TOKEN, Server
from vecinity.errors import InvalidRequest


@pytest.mark.parametrize("target", ["0.9", "0.97", "1", "1.0"])
def test_a_target_is_taken(index: Index, http: httpx2.Client, target: str) -> None:
    answer = _query(http, index, target)
    assert answer.status_code == 200
    assert answer.json()["messages"] == []


@pytest.mark.parametrize("target", ["0.89", "1.1", "0", "-1", "nan", "inf", "much", ""])
def test_what_is_no_target_is_refused(index: Index, http: httpx2.Client, target: str) -> None:
    answer = _query(http, index, target)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == InvalidRequest.code


def _query(http: httpx2.Client, index: Index, target: str) -> httpx2.Response:
    headers = {"vecinity-recall-target": target}
    body = {"vector": [1.0] * 32, "topK": 1}
    return http.post(f"/indexes/{index.name}/query", json=body, headers=headers)


def test_the_library_checks_it_too(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"from 0\.9 to 1, got 0\.5"):
        vecinity.open(tmp_path, recall_target=0.5)
    with vecinity.open(tmp_path) as database:
        database.create_index("i", dimensions=32, metric="cosine")
        with pytest.raises(InvalidRequest, match=r"from 0\.9 to 1, got 2"):
            database.index("i").query([1.0] * 32, recall_target=2)
        with pytest.raises(InvalidRequest, match="expected a number, got str"):
            database.index("i").query([1.0] * 32, recall_target="0.9")  # type: ignore[arg-type]


@pytest.mark.parametrize("target", ["0.89", "much"])
def test_an_index_takes_no_wrong_target(http: httpx2.Client, index_name: str, target: str) -> None:
    answer = _create(http, index_name, target)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == InvalidRequest.code
    assert http.get(f"/indexes/{index_name}").status_code == 404


def test_an_index_has_a_target_of_its_own(tmp_path: Path) -> None:
    """Asked for over HTTP, kept over restarts, and below what a query says."""
    values = np.random.default_rng(0).standard_normal((5_000, 32)).astype(np.float32)
    with Server(tmp_path / "data") as server, server.client() as http:
        assert _create(http, "exact", "1").status_code == 200
        with vecinity.connect(server.url, token=TOKEN, account=ACCOUNT) as database:
            database.create_index("usual", dimensions=32, metric="cosine")
            database.create_index("i", dimensions=32, metric="cosine", recall_target=0.99)
    with vecinity.open(tmp_path / "data", account=ACCOUNT) as database:
        described = database.list_indexes()
        targets = {each.name: each.config.recall_target for each in described}
        assert targets == {"exact": 1.0, "i": 0.99, "usual": None}
        index = database.index("exact")
        index.insert_arrays([str(n) for n in range(5_000)], values)
        assert database.wait_indexed(timeout=60)
        unit = values / np.linalg.norm(values, axis=1, keepdims=True)
        found = {None: 0, 0.9: 0}
        for query in values[:100]:
            truth = np.sort(unit @ query / np.linalg.norm(query))[-100]
            for target in found:
                matches = index.query(query, top_k=100, recall_target=target)
                found[target] += sum(match.score >= truth - 1e-6 for match in matches)
        assert found[None] == 10_000  # random vectors are hard: only an exact search finds all
        assert found[0.9] < 10_000


def _create(http: httpx2.Client, name: str, target: str) -> httpx2.Response:
    body = {"name": name, "config": {"dimensions": 32, "metric": "cosine"}}
    return http.post("/indexes", json=body, headers={"vecinity-recall-target": target})


def test_a_client_waits_for_the_blocks(tmp_path: Path) -> None:
    """Over HTTP: what remains to be built is in /healthz, and goes."""
    values = np.random.default_rng(0).standard_normal((5_000, 32)).astype(np.float32)
    with (
        Server(tmp_path / "data") as server,
        vecinity.connect(server.url, token=TOKEN, account=ACCOUNT) as database,
    ):
        database.create_index("i", dimensions=32, metric="euclidean")
        index = database.index("i")
        index.insert_arrays([str(n) for n in range(5_000)], values)
        assert database.wait_indexed(timeout=60)
        health = httpx2.get(f"{server.url}/healthz").json()
        assert health["indexing"] == {"vectors": 0, "indexes": 0}
        assert list((tmp_path / "data").glob("indexes/*/derived/blocks/*.block"))
        [match] = index.query(values[17], top_k=1, recall_target=0.99)
        assert match.id == "17"
