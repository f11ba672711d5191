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
