"""V1 queries: booleans, the shape of today and that of 2023."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.contract.api import messages, padded, refused, result, unreadable, vector
from tests.contract.legacy import LegacyIndex, create_v1

_A = vector("a", 1.0, metadata={"k": "x"}, namespace="n")
_B = vector("b", 1.0, 1.0)


@pytest.fixture(scope="module")
def index(v1: httpx2.Client) -> LegacyIndex:
    """Two vectors, of which only one has a namespace and metadata."""
    index = create_v1(v1, "v1-queries", "euclidean")
    index.written("insert", _A, _B)
    return index


@pytest.mark.parametrize("given", [{}, {"returnValues": False, "returnMetadata": False}])
def test_nothing_but_scores_by_default(index: LegacyIndex, given: dict[str, Any]) -> None:
    assert index.matches(**given) == [
        {"id": "a", "score": 0, "namespace": "n"},
        {"id": "b", "score": 1},
    ]


def test_booleans_say_what_comes_back(index: LegacyIndex) -> None:
    assert index.matches(returnValues=True, returnMetadata=True) == [
        {**_A, "score": 0},
        {**_B, "score": 1},
    ]
    [a, b] = index.matches(returnMetadata=True)
    assert a == {"id": "a", "score": 0, "namespace": "n", "metadata": {"k": "x"}}
    assert b == {"id": "b", "score": 1}
    [a, b] = index.matches(returnValues=True)
    assert (a["values"], b["values"]) == (_A["values"], _B["values"])
    assert "metadata" not in a


def test_return_vectors_brings_the_old_shape(index: LegacyIndex) -> None:
    assert index.matches(returnVectors=True) == [
        {"vectorId": "a", "score": 0, "vector": _A},
        {"vectorId": "b", "score": 1, "vector": _B},
    ]
    assert index.matches(returnVectors=False) == [
        {"vectorId": "a", "score": 0},
        {"vectorId": "b", "score": 1},
    ]
    assert index.matches(returnVectors=None) == index.matches()


def test_namespace_and_top_k(index: LegacyIndex) -> None:
    assert [match["id"] for match in index.matches(namespace="n")] == ["a"]
    assert index.matches(namespace="none") == []
    assert [match["id"] for match in index.matches(topK=1)] == ["a"]


@pytest.mark.parametrize("metric", ["cosine", "dot-product"])
def test_the_other_metrics(v1: httpx2.Client, metric: str) -> None:
    index = create_v1(v1, f"v1-{metric}", metric)
    index.written("insert", vector("a", 3.0, 4.0), vector("b", 2.0))
    scores = [(match["id"], match["score"]) for match in index.matches()]
    expected: dict[str, list[tuple[str, float]]] = {
        "cosine": [("b", 1), ("a", 0.6)],
        "dot-product": [("a", -3), ("b", -2)],
    }
    assert scores == [(name, pytest.approx(score)) for name, score in expected[metric]]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({}, "vector must be given"),
        ({"vectorId": "a"}, "vectorId: V1 indexes have no query by id"),
        ({"vector": padded(1.0), "vectorId": "a"}, "vectorId: V1 indexes have no query by id"),
        ({"vector": "a"}, r"vector: expected array \| null, got str"),
        ({"vector": padded(), "returnMetadata": "all"}, "returnMetadata: expected bool.*got str"),
        ({"vector": padded(), "returnValues": 1}, "returnValues: expected bool.*got int"),
        ({"vector": padded(), "returnVectors": "yes"}, "returnVectors: expected bool.*got str"),
        ({"vector": padded(), "topK": "5"}, "topK: expected int.*got str"),
    ],
)
def test_bad_bodies(index: LegacyIndex, body: dict[str, Any], why: str) -> None:
    refused(index.post("query", body), 400, 40026, unreadable(why))


def test_bad_vectors(index: LegacyIndex) -> None:
    text = "invalid query vector, expected 32 dimensions, and got 0 dimensions"
    refused(index.post("query", {"vector": []}), 400, 40006, text)


def test_unknown_fields_are_named(index: LegacyIndex) -> None:
    compat = {"queryMetadataOptional": False}
    response = index.post("query", {"vector": padded(1.0), "colour": 1, "compat": compat})
    assert messages(response) == ['unknown field "colour"', 'unknown field "compat"']
    assert result(response)["matches"][0].keys() == {"id", "score", "namespace"}


def test_get_by_ids(index: LegacyIndex) -> None:
    assert index.vectors("b", "nobody", "a", "b") == [_B, _A]
    assert index.vectors() == []
