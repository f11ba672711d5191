"""Queries: scores and their order in every metric, namespaces, and queries by id."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.contract.api import Index, create, padded, refused, result, vector

_STREAMING: list[tuple[str, list[float], str]] = [
    ("1", [32.4, 74.1, 3.2], "netflix"),
    ("2", [15.1, 19.2, 15.8], "hbo"),
    ("3", [0.16, 1.2, 3.8], "amazon"),
    ("4", [75.1, 67.1, 29.9], "netflix"),
    ("5", [58.8, 6.7, 3.4], "hbo"),
]
_QUERY = padded(54.8, 5.5, 3.1)


@pytest.fixture
def streaming(index: Index) -> Index:
    """The documentation's filter example, in the smallest index there is."""
    index.make_filterable(streaming_platform="string")
    vectors = [vector(i, *v, metadata={"streaming_platform": p}) for i, v, p in _STREAMING]
    index.write("insert", *vectors)
    return index


def _scores(matches: list[dict[str, Any]]) -> list[tuple[str, float]]:
    return [(match["id"], match["score"]) for match in matches]


def _about(*expected: tuple[str, float]) -> list[tuple[str, Any]]:
    return [(vector_id, pytest.approx(score, abs=5e-7)) for vector_id, score in expected]


def test_the_documented_example(streaming: Index) -> None:
    best = _about(("5", 0.999909486), ("4", 0.789848214), ("2", 0.611976262))
    assert _scores(streaming.matches(vector=_QUERY, topK=3)) == best


def test_the_documented_example_with_its_filter(streaming: Index) -> None:
    query = {"vector": _QUERY, "filter": {"streaming_platform": "netflix"}}
    best = _about(("4", 0.789848214), ("1", 0.491185264))
    assert _scores(streaming.matches(topK=3, **query)) == best
    # the filter comes before topK: netflix is only second best
    assert _scores(streaming.matches(topK=1, **query)) == best[:1]


def test_values_are_widened_and_scores_have_the_shortest_digits(streaming: Index) -> None:
    query = {"vector": _QUERY, "topK": 1, "returnValues": True}
    response = streaming.post("query", query)
    assert response.text.startswith(
        '{"result":{"count":1,"matches":[{"id":"5","score":0.99990946,'
        '"values":[58.79999923706055,6.699999809265137,3.4000000953674316,0.0,'
    )
    assert '"values":[58.79999923706055,' in streaming.post("get_by_ids", {"ids": ["5"]}).text


_ANSWERS: dict[str, list[tuple[str, float]]] = {
    "cosine": [
        ("double", 1.0),
        ("diagonal", 0.70710677),
        ("zero", 0.0),
        ("across", 0.0),
        ("against", -1.0),
    ],
    "euclidean": [
        ("zero", 1.0),
        ("diagonal", 1.0),
        ("double", 1.0),
        ("against", 2.0),
        ("across", 5.0990195),
    ],
    "dot-product": [
        ("double", -2.0),
        ("diagonal", -1.0),
        ("zero", 0.0),
        ("across", 0.0),
        ("against", 1.0),
    ],
}


@pytest.mark.parametrize("metric", _ANSWERS)
@pytest.mark.parametrize("top_k", [1, 3, 5])
def test_scores_and_their_order(
    http: httpx2.Client, index_name: str, metric: str, top_k: int
) -> None:
    index = create(http, index_name, metric)
    index.upsert(
        vector("against", -1.0),
        vector("across", 0.0, 5.0),
        vector("zero", 0.0),
        vector("diagonal", 1.0, 1.0),
        vector("double", 2.0),
    )
    response = index.post("query", {"vector": padded(1.0), "topK": top_k})
    matches = result(response)["matches"]
    answers = dict(_ANSWERS[metric])
    # equal scores may come in any order
    assert [match["score"] for match in matches] == list(answers.values())[:top_k]
    assert all(answers[match["id"]] == match["score"] for match in matches)
    assert "-0.0" not in response.text


@pytest.mark.parametrize(("metric", "score"), [("cosine", 0.0), ("dot-product", 0.0)])
def test_a_query_of_zeros(http: httpx2.Client, index_name: str, metric: str, score: float) -> None:
    index = create(http, index_name, metric)
    index.upsert(*[vector(str(n), n - 3.0) for n in range(7)])
    scores = [match["score"] for match in index.matches(vector=padded(0.0))]
    assert scores == [score] * 5


@pytest.mark.parametrize("metric", _ANSWERS)
def test_scores_of_the_longest_vectors_are_finite(
    http: httpx2.Client, index_name: str, metric: str
) -> None:
    longest = 1.8446742e19  # its square just fits float32
    index = create(http, index_name, metric)
    index.upsert(vector("plus", longest), vector("minus", -longest))
    scores = dict(_scores(index.matches(vector=padded(longest))))
    assert scores["plus"] == {"cosine": 1.0, "euclidean": 0.0}.get(
        metric, pytest.approx(-3.4028233e38, rel=1e-6)
    )
    assert abs(scores["minus"]) < 3.5e38


def test_namespaces(index: Index) -> None:
    index.upsert(
        vector("none"),
        vector("empty", namespace=""),
        vector("n", namespace="n"),
        vector("other", namespace="N"),
    )
    found = {match["id"]: match.get("namespace") for match in index.matches()}
    assert found == {"none": None, "empty": "", "n": "n", "other": "N"}
    assert [match["id"] for match in index.matches(namespace="n")] == ["n"]
    assert [match["id"] for match in index.matches(namespace="")] == ["empty"]
    assert index.matches(namespace="m") == []
    assert len(index.matches(namespace=None)) == 4


def test_a_namespace_comes_before_the_filter_and_top_k(index: Index) -> None:
    index.make_filterable(kind="string")
    index.upsert(
        vector("a", 1.0, namespace="n", metadata={"kind": "x"}),
        vector("b", 1.0, 9.0, namespace="n", metadata={"kind": "y"}),
        vector("c", 1.0, namespace="m", metadata={"kind": "y"}),
    )
    matches = index.matches(namespace="n", filter={"kind": "y"}, topK=1)
    assert [match["id"] for match in matches] == ["b"]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_query_by_id_finds_itself_first(http: httpx2.Client, index_name: str, metric: str) -> None:
    index = create(http, index_name, metric)
    index.upsert(vector("b", 1.0, 0.2), vector("a", 1.0), vector("c", 1.0, 0.1))
    found = [match["id"] for match in index.matches(vectorId="a")]
    assert found == ["a", "c", "b"]
    assert index.matches(vectorId="a", topK=2) == index.matches(vector=padded(1.0), topK=2)
    assert [match["id"] for match in index.matches(vectorId="c", topK=1)] == ["c"]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_query_by_id_finds_itself_before_its_equals(
    http: httpx2.Client, index_name: str, metric: str
) -> None:
    index = create(http, index_name, metric)
    index.upsert(*[vector(f"v{n}") for n in range(20)])
    for wanted in ("v0", "v7", "v19"):
        assert index.matches(vectorId=wanted)[0]["id"] == wanted


def test_query_by_id_takes_the_same_options(streaming: Index) -> None:
    netflix = {"streaming_platform": "netflix"}
    options = {"topK": 2, "returnValues": True, "returnMetadata": "all", "filter": netflix}
    by_vector = streaming.matches(vector=padded(*_STREAMING[4][1]), **options)
    assert streaming.matches(vectorId="5", **options) == by_vector
    assert [match["id"] for match in by_vector] == ["4", "1"]
    assert streaming.matches(vectorId="5", namespace="n") == []


def test_query_by_an_unknown_id_finds_nothing(streaming: Index) -> None:
    assert result(streaming.post("query", {"vectorId": "no"})) == {"count": 0, "matches": []}
    assert streaming.matches(vectorId="x" * 64) == []
    for vector_id, text in [
        ("x" * 65, "id too long; max is 64 bytes, got 65 bytes"),
        ("", "id too short; min is 1 byte, got 0 bytes"),
    ]:
        refused(streaming.post("query", {"vectorId": vector_id}), 400, 40008, text)


def test_an_empty_index_has_no_matches(index: Index) -> None:
    assert index.matches() == []
    assert index.matches(vectorId="a") == []
