"""What a query may ask for, and each check of what comes with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vecinity.errors import (
    InvalidCount,
    InvalidFilter,
    InvalidId,
    InvalidQueryVector,
    InvalidTopK,
    NamespaceTooLong,
)
from vecinity.filters import parse_filter
from vecinity.limits import CLOUDFLARE, OPEN
from vecinity.query import QueryOptions, check_count, checked_ids, checked_vector


def test_the_defaults() -> None:
    assert QueryOptions.checked(CLOUDFLARE) == QueryOptions()
    assert QueryOptions() == QueryOptions(5, None, None, False, "none")


def test_every_option_arrives() -> None:
    options = QueryOptions.checked(
        CLOUDFLARE,
        top_k=7,
        namespace="n",
        filter={"k": 1},
        return_values=True,
        return_metadata="all",
    )
    assert options == QueryOptions(7, "n", parse_filter({"k": 1}, CLOUDFLARE), True, "all")


@pytest.mark.parametrize(
    "options",
    [
        {"top_k": 1},
        {"top_k": 100},
        {"top_k": 100, "return_metadata": "indexed"},
        {"top_k": 50, "return_values": True},
        {"top_k": 50, "return_metadata": "all"},
        {"namespace": ""},
        {"namespace": "é" * 32},
    ],
)
def test_at_the_limits(options: dict[str, Any]) -> None:
    checked = QueryOptions.checked(CLOUDFLARE, **options)
    for name, value in options.items():
        assert getattr(checked, name) == value


_WITH_PAYLOAD = (
    "with returnValues=true or returnMetadata=all, max top K is 50, but got {}; for a top K up to "
    "100, retry with returnValues=false and returnMetadata=indexed"
)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"top_k": 0}, "min top K is 1, but got 0"),
        ({"top_k": -3, "return_values": True}, "min top K is 1, but got -3"),
        ({"top_k": 101}, "max top K is 100, but got 101"),
        ({"top_k": 101, "return_metadata": "indexed"}, "max top K is 100, but got 101"),
        ({"top_k": 51, "return_values": True}, _WITH_PAYLOAD.format(51)),
        ({"top_k": 100, "return_metadata": "all"}, _WITH_PAYLOAD.format(100)),
        ({"top_k": 101, "return_values": True}, _WITH_PAYLOAD.format(101)),
    ],
)
def test_a_top_k_out_of_range(options: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidTopK) as refused:
        QueryOptions.checked(CLOUDFLARE, **options)
    assert refused.value.message == text


def test_a_namespace_that_is_too_long() -> None:
    with pytest.raises(NamespaceTooLong, match="max is 64 bytes, got 66 bytes"):
        QueryOptions.checked(CLOUDFLARE, namespace="é" * 33)


def test_a_filter_that_is_none() -> None:
    with pytest.raises(InvalidFilter, match="must not be empty"):
        QueryOptions.checked(CLOUDFLARE, filter={})


def test_open_lifts_top_k() -> None:
    assert QueryOptions.checked(OPEN, top_k=10_000, return_values=True).top_k == 10_000


@pytest.mark.parametrize("values", [[1, 2.5], np.array([1, 2.5]), np.array([1, 2.5], np.float32)])
def test_a_vector_becomes_float32(values: Any) -> None:
    vector = checked_vector(values, 2)
    assert vector.dtype == np.float32
    assert vector.tolist() == [1, 2.5]


def test_a_vector_is_a_copy() -> None:
    given = np.array([1, 2], np.float32)
    vector = checked_vector(given, 2)
    given[0] = 9
    assert vector[0] == 1


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], "expected 2 dimensions, and got 0 dimensions"),
        (None, "expected a sequence of numbers, got NoneType"),
        (np.float32(1), "expected a sequence of numbers, got float32"),
        (np.ones((1, 2)), "expected one vector, and got an array of shape (1, 2)"),
        (np.array(1.0), "expected one vector, and got an array of shape ()"),
        ([1.0] * 3, "expected 2 dimensions, and got 3 dimensions"),
        ([1.0, float("nan")], "its values must be finite float32 numbers"),
        ([1.0, float("-inf")], "its values must be finite float32 numbers"),
        ([1.0, 1e39], "its values must be finite float32 numbers"),
        ([1e38, 0.0], "the norm of its values overflows float32"),
    ],
)
def test_a_vector_that_is_refused(values: Any, text: str) -> None:
    with pytest.raises(InvalidQueryVector) as refused:
        checked_vector(values, 2)
    assert refused.value.message == f"invalid query vector, {text}"


def test_ids_keep_their_order_and_lose_repetitions() -> None:
    assert checked_ids(["b", "a", "b", "c", "a"], CLOUDFLARE) == ["b", "a", "c"]
    assert checked_ids([], CLOUDFLARE) == []


def test_every_id_is_checked() -> None:
    with pytest.raises(InvalidId, match="id too long; max is 64 bytes, got 65 bytes"):
        checked_ids(["a", "x" * 65], CLOUDFLARE)
    with pytest.raises(InvalidId, match="id too short; min is 1 byte, got 0 bytes"):
        checked_ids(["a", ""], CLOUDFLARE)


@pytest.mark.parametrize("count", [1, 1_000])
def test_legal_counts(count: int) -> None:
    check_count(count, CLOUDFLARE)


@pytest.mark.parametrize("count", [0, -1, 1_001])
def test_counts_out_of_range(count: int) -> None:
    with pytest.raises(InvalidCount) as refused:
        check_count(count, CLOUDFLARE)
    assert refused.value.message == f"invalid count; must be between 1 and 1000, got {count}"
