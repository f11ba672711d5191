"""Filters: what each operator finds among values of every type."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.contract.api import Index, create, vector

_ABSENT: dict[str, Any] = {"null": None, "absent": ...}
_OTHERS: dict[str, Any] = {"list": ["apple", 1, True], "object": {"k": "apple"}}
STRINGS: dict[str, Any] = {
    "empty": "",
    "Banana": "Banana",
    "apple": "apple",
    "apples": "apples",
    "banana": "banana",
    "é": "é",
    "\uffff": "\uffff",
    "😀": "😀",
    **_ABSENT,
    **_OTHERS,
    "five": 5,
    "true": True,
}
NUMBERS: dict[str, Any] = {
    "-2": -2,
    "0": 0,
    "-0": -0.0,
    "1": 1,
    "1.0": 1.0,
    "1.5": 1.5,
    "2^53": 2**53,
    "2^53+1": 2**53 + 1,
    "1e300": 1e300,
    **_ABSENT,
    **_OTHERS,
    "text": "1",
    "true": True,
}
BOOLEANS: dict[str, Any] = {
    "true": True,
    "false": False,
    **_ABSENT,
    **_OTHERS,
    "1": 1,
    "text": "true",
}
VALUES = {"string": STRINGS, "number": NUMBERS, "boolean": BOOLEANS}


@pytest.fixture(scope="module")
def by_type(http: httpx2.Client) -> dict[str, Index]:
    """An index for each type, with one property "k" that holds what the tables above say."""
    found = {}
    for kind, values in VALUES.items():
        index = found[kind] = create(http, f"filters-{kind}")
        index.make_filterable(k=kind)
        index.upsert(vector("bare"), vector("hollow", metadata={}))
        for name, value in values.items():
            metadata = {"other": 1} if value is ... else {"k": value}
            index.upsert(vector(name, metadata=metadata))
    return found


_NULLS = {"null", "absent", "bare", "hollow"}


def _check(by_type: dict[str, Index], kind: str, condition: object, expected: set[str]) -> None:
    assert by_type[kind].found({"k": condition}) == expected


def _but(kind: str, *names: str) -> set[str]:
    return ({"bare", "hollow"} | VALUES[kind].keys()) - set(names)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("apple", {"apple"}),
        ("", {"empty"}),
        ("Apple", set()),
        ("é", {"é"}),
        ("e\u0301", set()),
        ({"$eq": "apple"}, {"apple"}),
        ({"$ne": "apple"}, _but("string", "apple")),
        ({"$ne": "zzz"}, _but("string")),
        ({"$in": ["apple", "é", "zzz"]}, {"apple", "é"}),
        ({"$in": ["apple", "apple"]}, {"apple"}),
        ({"$in": []}, set()),
        ({"$nin": ["apple", ""]}, _but("string", "apple", "empty")),
        ({"$nin": []}, _but("string")),
        ({"$gt": "apple"}, {"apples", "banana", "é", "\uffff", "😀"}),
        ({"$gte": "apple"}, {"apple", "apples", "banana", "é", "\uffff", "😀"}),
        ({"$lt": "apple"}, {"empty", "Banana"}),
        ({"$lte": "apple"}, {"empty", "Banana", "apple"}),
        ({"$gte": ""}, {name for name, value in STRINGS.items() if isinstance(value, str)}),
        ({"$lt": ""}, set()),
        ({"$gte": "ap", "$lt": "aq"}, {"apple", "apples"}),
        ({"$lt": "b", "$gt": "apple"}, {"apples"}),
        ({"$gt": "b", "$lte": "a"}, set()),
        ({"$gt": "\uffff"}, {"😀"}),  # in UTF-16 it would stand before
        (5, set()),
        (True, set()),
        ({"$ne": 5}, _but("string")),
        ({"$in": [5, True, "apple"]}, {"apple"}),
        ({"$nin": [5, True]}, _but("string")),
        ({"$gte": 0}, set()),
    ],
)
def test_strings(by_type: dict[str, Index], condition: object, expected: set[str]) -> None:
    _check(by_type, "string", condition, expected)


_ONES = {"1", "1.0"}
_ZEROS = {"0", "-0"}
_LARGE = {"2^53", "2^53+1"}  # equal in float64


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (1, _ONES),
        (1.0, _ONES),
        (0, _ZEROS),
        (-0.0, _ZEROS),
        (-2, {"-2"}),
        (1.5, {"1.5"}),
        (2**53, _LARGE),
        (2**53 + 1, _LARGE),
        (10**300, {"1e300"}),
        ({"$eq": 1}, _ONES),
        ({"$ne": 1}, _but("number", *_ONES)),
        ({"$in": [1, -2, 7]}, {*_ONES, "-2"}),
        ({"$nin": [1, -2, 7]}, _but("number", *_ONES, "-2")),
        ({"$gt": 1}, {"1.5", *_LARGE, "1e300"}),
        ({"$gte": 1}, {*_ONES, "1.5", *_LARGE, "1e300"}),
        ({"$lt": 0}, {"-2"}),
        ({"$lte": -0.0}, {"-2", *_ZEROS}),
        ({"$gt": -2, "$lt": 1.5}, {*_ZEROS, *_ONES}),
        ({"$gte": -2, "$lte": 1.5}, {"-2", *_ZEROS, *_ONES, "1.5"}),
        ({"$gte": 1, "$lt": 1}, set()),
        ({"$gte": 1, "$lte": 1}, _ONES),
        ({"$gt": 5, "$lt": 1}, set()),
        ("1", set()),
        (True, set()),
        ({"$ne": "1"}, _but("number")),
        ({"$ne": True}, _but("number")),
        ({"$gte": ""}, set()),
        ({"$gte": "0", "$lte": "9"}, set()),
    ],
)
def test_numbers(by_type: dict[str, Index], condition: object, expected: set[str]) -> None:
    _check(by_type, "number", condition, expected)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (True, {"true"}),
        (False, {"false"}),
        ({"$eq": False}, {"false"}),
        ({"$ne": True}, _but("boolean", "true")),
        ({"$in": [True, False]}, {"true", "false"}),
        ({"$nin": [True]}, _but("boolean", "true")),
        (1, set()),
        (0, set()),
        ("true", set()),
        ({"$ne": 1}, _but("boolean")),
        ({"$gte": 0}, set()),
        ({"$lte": "true"}, set()),
    ],
)
def test_booleans(by_type: dict[str, Index], condition: object, expected: set[str]) -> None:
    _check(by_type, "boolean", condition, expected)


@pytest.mark.parametrize("kind", VALUES)
def test_null_matches_absent_and_null(by_type: dict[str, Index], kind: str) -> None:
    for condition in (None, {"$eq": None}, {"$in": [None]}):
        _check(by_type, kind, condition, _NULLS)
    for condition in ({"$ne": None}, {"$nin": [None]}):
        _check(by_type, kind, condition, _but(kind, *_NULLS))


@pytest.mark.parametrize(
    ("kind", "value", "name"), [("string", "apple", "apple"), ("number", -2, "-2")]
)
def test_null_among_others(by_type: dict[str, Index], kind: str, value: object, name: str) -> None:
    _check(by_type, kind, {"$in": [None, value]}, {*_NULLS, name})
    _check(by_type, kind, {"$nin": [None, value]}, _but(kind, *_NULLS, name))


def test_a_filter_holds_with_query_by_id(by_type: dict[str, Index]) -> None:
    found = by_type["string"].found({"k": {"$in": ["banana", "é"]}}, vectorId="apple")
    assert found == {"banana", "é"}
