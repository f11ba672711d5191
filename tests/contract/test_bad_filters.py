"""Filters that are refused: code 40022 and the exact text, and the limits of size and names."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from tests.contract.api import JSON, Index, create, padded, refused, unreadable, vector

_VALUE = '"k" takes a string, a number, a boolean or null'
_BOUND = '"k": a range takes a string or a number'
_COMBINE = '"k" may combine only one of $gt, $gte with one of $lt, $lte, got '
_OBJECT = "must be an object"


@pytest.fixture(scope="module")
def filterable(http: httpx2.Client) -> Index:
    index = create(http, "bad-filters")
    index.make_filterable(k="string", **{"n" * 512: "string"})
    index.upsert(vector("a", metadata={"k": "x", "n" * 512: "x"}))
    return index


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "must not be empty"),
        ([], _OBJECT),
        ([{"k": 1}], _OBJECT),
        ("k", _OBJECT),
        ("", _OBJECT),
        (5, _OBJECT),
        (0, _OBJECT),
        (True, _OBJECT),
        (False, _OBJECT),
        ({"": 1}, "a property name must not be empty"),
        ({'a"b': 1}, "property name 'a\"b' must not contain a double quote"),
        ({"$k": 1}, "property name '$k' must not start with $"),
        ({"$or": [{"k": 1}]}, "property name '$or' must not start with $"),
        ({"$and": {}}, "property name '$and' must not start with $"),
        ({"a.$b": 1}, "property name 'a.$b' must not start with $"),
        ({".": 1}, "property name '.' has an empty part"),
        ({".a": 1}, "property name '.a' has an empty part"),
        ({"a.": 1}, "property name 'a.' has an empty part"),
        ({"a..b": 1}, "property name 'a..b' has an empty part"),
        ({"k": ["x"]}, _VALUE),
        ({"k": []}, _VALUE),
        ({"k": {}}, '"k" has an empty object'),
        ({"k": {"l": 1}}, '"k" has an unknown operator "l"'),
        ({"k": {"$regex": "x"}}, '"k" has an unknown operator "$regex"'),
        ({"k": {"$EQ": "x"}}, '"k" has an unknown operator "$EQ"'),
        ({"k": {"$not": {"$eq": "x"}}}, '"k" has an unknown operator "$not"'),
        ({"k": {"": 1}}, '"k" has an unknown operator ""'),
        ({"k": {"$eq": ["x"]}}, _VALUE),
        ({"k": {"$eq": {}}}, _VALUE),
        ({"k": {"$ne": ["x"]}}, _VALUE),
        ({"k": {"$in": "x"}}, '"k": $in takes an array'),
        ({"k": {"$in": None}}, '"k": $in takes an array'),
        ({"k": {"$in": {"0": "x"}}}, '"k": $in takes an array'),
        ({"k": {"$nin": 1}}, '"k": $nin takes an array'),
        ({"k": {"$in": [["x"]]}}, _VALUE),
        ({"k": {"$nin": ["x", {}]}}, _VALUE),
        ({"k": {"$gt": None}}, _BOUND),
        ({"k": {"$gte": True}}, _BOUND),
        ({"k": {"$lt": ["x"]}}, _BOUND),
        ({"k": {"$lte": {}}}, _BOUND),
        ({"k": {"$gt": 1, "$lt": None}}, _BOUND),
        ({"k": {"$gt": 1, "$gte": 1}}, _COMBINE + "$gt, $gte"),
        ({"k": {"$lt": 1, "$lte": 1}}, _COMBINE + "$lt, $lte"),
        ({"k": {"$gt": 1, "$lt": 2, "$lte": 3}}, _COMBINE + "$gt, $lt, $lte"),
        ({"k": {"$eq": 1, "$ne": 2}}, _COMBINE + "$eq, $ne"),
        ({"k": {"$eq": 1, "$gt": 0}}, _COMBINE + "$eq, $gt"),
        ({"k": {"$gt": 0, "$lt": 9, "$ne": 5}}, _COMBINE + "$gt, $lt, $ne"),
        ({"k": {"$in": ["x"], "$nin": ["y"]}}, _COMBINE + "$in, $nin"),
        ({"k": {"$gt": 1, "$lt": "x"}}, '"k" mixes a string and a number in one range'),
        ({"k": {"$gte": "x", "$lte": 1}}, '"k" mixes a string and a number in one range'),
        ({"k": 10**309}, '"k": a number must be finite'),
        ({"k": {"$gt": -(10**309)}}, '"k": a number must be finite'),
        ({"k": "x", "l": [1]}, '"l" takes a string, a number, a boolean or null'),
    ],
    ids=str,
)
def test_invalid_filters(filterable: Index, given: object, why: str) -> None:
    for selector in ({"vector": padded(1.0)}, {"vectorId": "a"}):
        response = filterable.post("query", {**selector, "filter": given})
        refused(response, 400, 40022, f"invalid filter: {why}")


def test_a_filter_of_null_is_none(filterable: Index) -> None:
    assert len(filterable.matches(filter=None)) == 1


def _of_size(size: int, filler: str = "x") -> dict[str, Any]:
    """A filter that lets "a" through and whose compact JSON has `size` bytes."""
    room = size - len(_compact({"k": {"$in": ["x", ""]}}).encode())
    text = filler * (room // len(filler.encode()))
    text += "x" * (room - len(text.encode()))
    found = {"k": {"$in": ["x", text]}}
    assert len(_compact(found).encode()) == size
    return found


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@pytest.mark.parametrize("filler", ["x", "é", "😀"])
def test_the_size_of_a_filter(filterable: Index, filler: str) -> None:
    assert filterable.found(_of_size(2_047, filler)) == {"a"}
    text = "invalid filter: its compact JSON must be smaller than 2048 bytes, got 2048"
    body = {"vector": padded(1.0), "filter": _of_size(2_048, filler)}
    refused(filterable.post("query", body), 400, 40022, text)


def test_only_the_compact_json_counts(filterable: Index) -> None:
    spaced = json.dumps({"vector": padded(1.0), "filter": _of_size(2_047)}, indent=900)
    assert filterable.post("query", content=spaced, headers=JSON).json()["result"]["count"] == 1


@pytest.mark.parametrize("letter", ["n", "é"])
def test_the_length_of_a_name(filterable: Index, letter: str) -> None:
    expected = {"a"} if letter == "n" else set()
    assert filterable.found({letter * 512: "x"}) == expected
    text = "invalid filter: a property name must not exceed 512 characters, got 513"
    body = {"vector": padded(1.0), "filter": {letter * 513: "x"}}
    refused(filterable.post("query", body), 400, 40022, text)


@pytest.mark.parametrize("number", ["1e400", "-1e400", "NaN", "Infinity", "9" * 5_000])
def test_numbers_that_cannot_be_read(filterable: Index, number: str) -> None:
    body = '{"vectorId":"a","filter":{"k":' + number + "}}"
    response = filterable.post("query", content=body, headers=JSON)
    refused(response, 400, 40026, unreadable(".+"))
