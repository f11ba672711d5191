"""The whole real set over REST: exact where that is asked for, and the recall of the default."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from benchmarks.dataset import METADATA_INDEXES, Dataset

from tests.support.server import Server
from vecinity.metric import FloatArray

_SLACK = 1e-6
_EXACT = {"vecinity-recall-target": "1"}
_FILTERS = {
    "one section": ({"section": "noun.food"}, lambda m: m["section"] == "noun.food"),
    "a range": ({"words": {"$gte": 20, "$lt": 25}}, lambda m: 20 <= m["words"] < 25),
    "two properties": (
        {"source": {"$ne": "wordnet"}, "has_homepage": False},
        lambda m: m["source"] != "wordnet" and m["has_homepage"] is False,
    ),
    "a prefix": (
        {"section": {"$gte": "noun.", "$lt": "noun/"}},
        lambda m: m["section"][:5] == "noun.",
    ),
}


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


def _scores(client: httpx2.Client, headers: dict[str, str], **body: Any) -> list[float]:
    """The scores of a query's matches, which are best first."""
    found = _result(client.post("/indexes/real/query", json=body, headers=headers))
    scores = [match["score"] for match in found["matches"]]
    assert scores == sorted(scores, reverse=True)
    return scores


def _filtered_truth(data: Dataset, holds: Callable[[Any], bool], count: int) -> FloatArray:
    """The best `count` scores of each of 50 queries among the vectors whose metadata `holds`."""
    subset = data.vectors[[row for row, metadata in enumerate(data.metadata) if holds(metadata)]]
    subset /= np.linalg.norm(subset, axis=1, keepdims=True)
    asked = data.queries[:50] / np.linalg.norm(data.queries[:50], axis=1, keepdims=True)
    best: FloatArray = np.sort(asked @ subset.T)[:, ::-1][:, :count]
    return best


@pytest.mark.parametrize("top_k", [10, 100])
def test_every_score_reaches_the_true_kth(real: httpx2.Client, data: Dataset, top_k: int) -> None:
    for query, similarities in zip(data.queries, data.similarities, strict=True):
        scores = _scores(real, _EXACT, vector=query.tolist(), topK=top_k)
        assert len(scores) == top_k
        assert min(scores) >= similarities[top_k - 1] - _SLACK


@pytest.mark.parametrize("top_k", [10, 100])
def test_the_default_finds_nearly_all(real: httpx2.Client, data: Dataset, top_k: int) -> None:
    found = 0
    for query, similarities in zip(data.queries, data.similarities, strict=True):
        scores = _scores(real, {}, vector=query.tolist(), topK=top_k)
        assert len(scores) == top_k
        found += sum(score >= similarities[top_k - 1] - _SLACK for score in scores)
    assert found >= 0.97 * top_k * len(data.queries)


@pytest.mark.parametrize("name", _FILTERS)
def test_filters_select_before_the_search(real: httpx2.Client, data: Dataset, name: str) -> None:
    condition, holds = _FILTERS[name]
    truth = _filtered_truth(data, holds, 20)
    nearly_all = 0
    for query, best in zip(data.queries, truth, strict=False):
        body = {"vector": query.tolist(), "topK": 20, "filter": condition}
        assert np.allclose(_scores(real, _EXACT, **body), best, atol=_SLACK)
        nearly_all += sum(score >= best[-1] - _SLACK for score in _scores(real, {}, **body))
    assert nearly_all >= 0.99 * truth.size
