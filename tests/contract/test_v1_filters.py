"""Filters on V1 indexes: any property, without a metadata index."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.contract.api import padded, refused, vector
from tests.contract.legacy import LegacyIndex, create_v1

_LONG = "x" * 70
_METADATA: dict[str, dict[str, Any] | None] = {
    "apple": {"k": "apple", "n": 1},
    "banana": {"k": "banana", "n": 2.5},
    "one": {"k": 1, "deep": {"er": "x"}},
    "true": {"k": True, "deep": {"er": None}},
    "null": {"k": None, "deep": "flat"},
    "list": {"k": ["apple"]},
    "object": {"k": {"k": "apple"}},
    "long": {"k": _LONG},
    "hollow": {},
    "bare": None,
}


@pytest.fixture(scope="module")
def index(v1: httpx2.Client) -> LegacyIndex:
    index = create_v1(v1, "v1-filters")
    index.written("upsert", vector("apple", metadata={"k": "zzz"}), vector("gone"))
    vectors = [vector(name, metadata=found) for name, found in _METADATA.items()]
    index.written("upsert", *vectors)
    index.removed("gone")
    return index


def _but(*names: str) -> set[str]:
    return _METADATA.keys() - set(names)


_NULLS = ("null", "hollow", "bare")


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ({"k": "apple"}, {"apple"}),
        ({"k": {"$ne": "apple"}}, _but("apple")),
        ({"k": {"$in": ["apple", 1, True, "zzz"]}}, {"apple", "one", "true"}),
        ({"k": {"$nin": ["apple", 1, True]}}, _but("apple", "one", "true")),
        ({"k": {"$in": []}}, set()),
        ({"k": {"$gte": "apple", "$lt": "c"}}, {"apple", "banana"}),
        ({"k": {"$gt": "apple"}}, {"banana", "long"}),
        ({"k": 1}, {"one"}),
        ({"k": True}, {"true"}),
        ({"k": {"$gte": 0}}, {"one"}),
        ({"n": {"$gt": 1, "$lte": 2.5}}, {"banana"}),
        ({"n": {"$gte": 1, "$lt": 2.5}}, {"apple"}),
        ({"k": None}, set(_NULLS)),
        ({"k": {"$ne": None}}, _but(*_NULLS)),
        ({"k": {"$in": [None, "banana"]}}, {*_NULLS, "banana"}),
        ({"deep.er": "x"}, {"one"}),
        ({"deep.er": {"$ne": "x"}}, _but("one")),
        ({"k": "apple", "n": 1}, {"apple"}),
        ({"k": "apple", "n": 2.5}, set()),
        ({"nowhere": "x"}, set()),
        ({"nowhere": {"$ne": "x"}}, _but()),
        ({"k": _LONG}, {"long"}),
        ({"k": _LONG[:64]}, set()),
    ],
)
def test_any_property(index: LegacyIndex, filter: dict[str, Any], expected: set[str]) -> None:
    assert index.found(filter) == expected


def test_the_filter_comes_before_the_best_k(v1: httpx2.Client) -> None:
    index = create_v1(v1, "v1-prefilter", "euclidean")
    near = [vector(f"n{n}", 1.0 + n, namespace="a", metadata={"k": "x"}) for n in range(25)]
    far = [vector(f"f{n}", 100.0 + n, namespace="b", metadata={"k": "y"}) for n in range(3)]
    index.written("insert", *near, *far)
    wanted = {"filter": {"k": "y"}, "topK": 2}
    assert [match["id"] for match in index.matches(**wanted)] == ["f0", "f1"]
    assert [match["id"] for match in index.matches(namespace="b", **wanted)] == ["f0", "f1"]
    assert index.matches(namespace="a", **wanted) == []


def test_no_word_about_metadata_indexes(index: LegacyIndex) -> None:
    response = index.post("query", {"vector": padded(1.0), "filter": {"k": "apple"}})
    assert response.json()["messages"] == []


@pytest.mark.parametrize(
    ("filter", "why"),
    [
        ({}, "must not be empty"),
        ({"k": {"$neq": "x"}}, '"k" has an unknown operator "$neq"'),
        ({"$or": []}, "property name '$or' must not start with $"),
    ],
)
def test_bad_filters(index: LegacyIndex, filter: object, why: str) -> None:
    body = {"vector": padded(1.0), "filter": filter}
    refused(index.post("query", body), 400, 40022, f"invalid filter: {why}")
