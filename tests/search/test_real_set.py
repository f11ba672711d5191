"""The whole real set over REST: every score is at least the true one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from benchmarks.dataset import METADATA_INDEXES, Dataset

from tests.support.server import Server

_SLACK = 1e-6


@pytest.fixture(scope="module")
def data(real_data: Path) -> Dataset:
    return Dataset.load(real_data)


@pytest.fixture(scope="module")
def real(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """A client for a server that holds the whole set in the index `real`."""
    with Server(tmp_path_factory.mktemp("real")) as server, server.client() as client:
        config = {"dimensions": 384, "metric": "cosine"}
        _result(client.post("/indexes", json={"name": "real", "config": config}))
        for name, kind in METADATA_INDEXES.items():
            body = {"propertyName": name, "indexType": kind}
            _result(client.post("/indexes/real/metadata_index/create", json=body))
        headers = {"content-type": "application/x-ndjson"}
        for lines in data.ndjson(5_000):
            _result(client.post("/indexes/real/insert", content=lines, headers=headers))
        yield client


def _result(response: httpx2.Response) -> Any:
    assert response.status_code == 200, response.text
    return response.json()["result"]


def _matches(client: httpx2.Client, **body: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _result(client.post("/indexes/real/query", json=body))["matches"]
    return found


@pytest.mark.parametrize("top_k", [10, 100])
def test_every_score_reaches_the_true_kth(real: httpx2.Client, data: Dataset, top_k: int) -> None:
    for query, similarities in zip(data.queries, data.similarities, strict=True):
        scores = [match["score"] for match in _matches(real, vector=query.tolist(), topK=top_k)]
        assert len(scores) == top_k
        assert scores == sorted(scores, reverse=True)
        assert min(scores) >= similarities[top_k - 1] - _SLACK


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"section": "noun.food"}, lambda m: m["section"] == "noun.food"),
        ({"words": {"$gte": 20, "$lt": 25}}, lambda m: 20 <= m["words"] < 25),
        (
            {"source": {"$ne": "wordnet"}, "has_homepage": False},
            lambda m: m["source"] != "wordnet" and m["has_homepage"] is False,
        ),
        ({"section": {"$gte": "noun.", "$lt": "noun/"}}, lambda m: m["section"][:5] == "noun."),
    ],
    ids=["one section", "a range", "two properties", "a prefix"],
)
def test_filters_select_before_the_search(
    real: httpx2.Client, data: Dataset, condition: dict[str, Any], holds: Any
) -> None:
    chosen = [row for row, metadata in enumerate(data.metadata) if holds(metadata)]
    subset = data.vectors[chosen]
    subset /= np.linalg.norm(subset, axis=1, keepdims=True)
    for query in data.queries[:50]:
        truth = np.sort(subset @ (query / np.linalg.norm(query)))[::-1][:20]
        found = _matches(real, vector=query.tolist(), topK=20, filter=condition)
        assert np.allclose([match["score"] for match in found], truth, atol=_SLACK)
