"""The filter language: what each filter means, and the text for every one that is none."""

from __future__ import annotations

import math
from typing import Any

import pytest

from vecinity.errors import InvalidFilter
from vecinity.filters import (
    AnyOf,
    Bound,
    Condition,
    Filter,
    Range,
    check_property_name,
    parse_filter,
)
from vecinity.limits import CLOUDFLARE, OPEN

_LONG_NAME = "k" * 513


def _conditions(json: object) -> tuple[Condition, ...]:
    return parse_filter(json, CLOUDFLARE).conditions


@pytest.mark.parametrize("value", ["text", "", 1, -2.5, 0, True, False, None])
def test_a_bare_value_means_eq(value: object) -> None:
    assert _conditions({"k": value}) == (AnyOf("k", (value,)),)  # type: ignore[arg-type]
    assert _conditions({"k": {"$eq": value}}) == _conditions({"k": value})
    assert _conditions({"k": {"$ne": value}}) == (AnyOf("k", (value,), True),)  # type: ignore[arg-type]


@pytest.mark.parametrize(("operator", "negated"), [("$in", False), ("$nin", True)])
@pytest.mark.parametrize("values", [[], ["a"], ["a", 1, True, None, 2.5]])
def test_one_of_several(operator: str, negated: bool, values: list[Any]) -> None:
    assert _conditions({"k": {operator: values}}) == (AnyOf("k", tuple(values), negated),)


def test_a_tuple_is_an_array() -> None:
    assert _conditions({"k": {"$in": ("a", "b")}}) == (AnyOf("k", ("a", "b")),)


@pytest.mark.parametrize(
    ("operators", "low", "high"),
    [
        ({"$gt": 1}, Bound(1.0, False), None),
        ({"$gte": 1}, Bound(1.0, True), None),
        ({"$lt": "a"}, None, Bound("a", False)),
        ({"$lte": "a"}, None, Bound("a", True)),
        ({"$gte": "net", "$lt": "neu"}, Bound("net", True), Bound("neu", False)),
        ({"$lte": 2, "$gt": 1.5}, Bound(1.5, False), Bound(2.0, True)),
        ({"$gt": 5, "$lt": 1}, Bound(5.0, False), Bound(1.0, False)),
    ],
)
def test_ranges(operators: dict[str, Any], low: Bound | None, high: Bound | None) -> None:
    assert _conditions({"k": operators}) == (Range("k", low, high),)


def test_several_keys_mean_and_in_their_order() -> None:
    json = {"b": 1, "a.c": {"$ne": "x"}, "d": {"$gt": 0}}
    parsed = parse_filter(json, CLOUDFLARE)
    assert parsed == Filter(
        (AnyOf("b", (1.0,)), AnyOf("a.c", ("x",), True), Range("d", Bound(0.0, False), None)), json
    )


def test_a_filter_keeps_a_copy_of_its_json() -> None:
    json: dict[str, object] = {"k": "v"}
    parsed = parse_filter(json, CLOUDFLARE)
    json.clear()
    assert parsed.json == {"k": "v"}


def test_numbers_are_floats_and_booleans_are_not_numbers() -> None:
    [integer, boolean] = _conditions({"i": 1, "b": True})
    assert isinstance(integer, AnyOf)
    assert isinstance(boolean, AnyOf)
    assert type(integer.values[0]) is float
    assert type(boolean.values[0]) is bool


@pytest.mark.parametrize("key", ["k|v", "a b", "é", "a$", "x" * 512, "a.b.c", "0"])
def test_legal_property_names(key: str) -> None:
    assert _conditions({key: 1}) == (AnyOf(key, (1.0,)),)


REFUSED: list[tuple[object, str]] = [
    (None, "must be an object"),
    ([], "must be an object"),
    ("k", "must be an object"),
    ({}, "must not be empty"),
    ({1: "v"}, "keys must be strings"),
    ({"k": object()}, "must be JSON"),
    ({"k": "\ud800"}, "must be JSON"),
    ({"": 1}, "a property name must not be empty"),
    ({_LONG_NAME: 1}, "a property name must not exceed 512 characters, got 513"),
    ({'a"b': 1}, "property name 'a\"b' must not contain a double quote"),
    ({"a..b": 1}, "property name 'a..b' has an empty part"),
    ({".a": 1}, "property name '.a' has an empty part"),
    ({"a.": 1}, "property name 'a.' has an empty part"),
    ({"$and": [{"k": 1}]}, "property name '$and' must not start with $"),
    ({"a.$b": 1}, "property name 'a.$b' must not start with $"),
    ({"k": {}}, '"k" has an empty object'),
    ({"k": {"nested": 1}}, '"k" has an unknown operator "nested"'),
    ({"k": {"$regex": "x"}}, '"k" has an unknown operator "$regex"'),
    ({"k": {"$gt": 1, "$or": 2}}, '"k" has an unknown operator "$or"'),
    ({"k": ["a"]}, '"k" takes a string, a number, a boolean or null'),
    ({"k": {"$eq": ["a"]}}, '"k" takes a string, a number, a boolean or null'),
    ({"k": {"$ne": {"a": 1}}}, '"k" takes a string, a number, a boolean or null'),
    ({"k": {"$in": [["a"]]}}, '"k" takes a string, a number, a boolean or null'),
    ({"k": {"$in": "abc"}}, '"k": $in takes an array'),
    ({"k": {"$nin": None}}, '"k": $nin takes an array'),
    ({"k": {"$gt": None}}, '"k": a range takes a string or a number'),
    ({"k": {"$lte": True}}, '"k": a range takes a string or a number'),
    ({"k": {"$lt": [1]}}, '"k": a range takes a string or a number'),
    ({"k": {"$gt": 1, "$lt": "b"}}, '"k" mixes a string and a number in one range'),
    ({"k": 10**400}, '"k": a number must be finite'),
    ({"k": {"$gt": -(10**400)}}, '"k": a number must be finite'),
    ({"k": math.inf}, '"k": a number must be finite'),
    ({"k": {"$in": [math.nan]}}, '"k": a number must be finite'),
]


@pytest.mark.parametrize(("json", "why"), REFUSED, ids=lambda value: str(value)[:40])
def test_refused(json: object, why: str) -> None:
    with pytest.raises(InvalidFilter) as refused:
        parse_filter(json, CLOUDFLARE)
    assert str(refused.value) == f"invalid filter: {why}"


@pytest.mark.parametrize(
    "operators",
    [
        {"$gt": 1, "$gte": 2},
        {"$lt": 1, "$lte": 2},
        {"$eq": 1, "$ne": 2},
        {"$gt": 1, "$eq": 2},
        {"$gt": 1, "$lt": 2, "$ne": 3},
        {"$gt": 1, "$gte": 1, "$lt": 2},
    ],
)
def test_operators_that_may_not_stand_together(operators: dict[str, int]) -> None:
    with pytest.raises(InvalidFilter) as refused:
        parse_filter({"k": operators}, CLOUDFLARE)
    assert refused.value.message == (
        'invalid filter: "k" may combine only one of $gt, $gte with one of $lt, $lte, '
        f"got {', '.join(operators)}"
    )


def test_a_filter_that_nests_forever_is_refused() -> None:
    endless: dict[str, object] = {}
    endless["k"] = endless
    with pytest.raises(InvalidFilter, match="must be JSON"):
        parse_filter(endless, CLOUDFLARE)


def _of_size(size: int) -> dict[str, str]:
    """A filter of `size` bytes; each é is two of them."""
    room = size - len('{"k":""}')
    return {"k": "é" * (room // 2) + "x" * (room % 2)}


def test_the_largest_filter() -> None:
    assert _conditions(_of_size(2_047))


def test_a_filter_that_is_one_byte_too_large() -> None:
    with pytest.raises(InvalidFilter) as refused:
        parse_filter(_of_size(2_048), CLOUDFLARE)
    assert refused.value.message == (
        "invalid filter: its compact JSON must be smaller than 2048 bytes, got 2048"
    )
    assert parse_filter(_of_size(2_048), OPEN).conditions


def test_open_lifts_the_length_of_names() -> None:
    assert parse_filter({_LONG_NAME: 1}, OPEN).conditions == (AnyOf(_LONG_NAME, (1.0,)),)
    assert check_property_name(_LONG_NAME, OPEN.filter_key_chars) is None
