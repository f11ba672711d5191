"""Queries that are refused: the exact code, status and text."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx2
import pytest

from tests.contract.api import JSON, Expected, Index, create, padded, refused, result, unreadable

_ONE = "Failed to parse the request body as JSON: exactly one of vector and vectorId must be given"
_CONTENT_TYPE = "Expected request with `Content-Type: application/json`"
_VALUES = json.dumps(padded(1.0))


@pytest.fixture(scope="module")
def target(http: httpx2.Client) -> Index:
    return create(http, "bad-queries")


@pytest.mark.parametrize("count", [0, 1, 31, 33, 1536])
def test_wrong_dimensions(target: Index, count: int) -> None:
    text = f"invalid query vector, expected 32 dimensions, and got {count} dimensions"
    refused(target.post("query", {"vector": [0.5] * count}), 400, 40006, text)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([1e39], "its values must be finite float32 numbers"),
        ([-1e308], "its values must be finite float32 numbers"),
        ([2e19], "the norm of its values overflows float32"),
        ([1.5e19, 1.5e19], "the norm of its values overflows float32"),
    ],
)
def test_values_that_overflow(target: Index, values: list[float], why: str) -> None:
    response = target.post("query", {"vector": padded(*values)})
    refused(response, 400, 40006, f"invalid query vector, {why}")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"topK": 5},
        {"vector": None},
        {"vector": None, "vectorId": None},
        {"vector": padded(1.0), "vectorId": "a"},
        {"vector": [], "vectorId": "a"},
        {"vectors": [padded(1.0)]},
    ],
)
def test_both_or_neither_of_vector_and_id(target: Index, body: dict[str, Any]) -> None:
    refused(target.post("query", body), 400, 40026, _ONE)


def _query(member: str) -> str:
    return f'{{"vector":{_VALUES},{member}}}'


def _valued(first: str) -> str:
    return '{"vector":' + _VALUES.replace("1.0", first, 1) + "}"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("", unreadable(".+")),
        ("{", unreadable(".+")),
        ("nonsense", unreadable(".+")),
        ("[]", unreadable("expected object.*")),
        ("null", unreadable("expected object.*")),
        ("{}{}", unreadable(".+")),
        (_valued("NaN"), unreadable(".+")),
        (_valued("Infinity"), unreadable(".+")),
        (_valued("1e400"), unreadable(r"vector\[0\]: .+")),
        (_valued("null"), unreadable(r"vector\[0\]: .+")),
        (_valued('"1"'), unreadable(r"vector\[0\]: .+")),
        (_valued("true"), unreadable(r"vector\[0\]: .+")),
        (_valued("[1]"), unreadable(r"vector\[0\]: .+")),
        ('{"vector":"1"}', unreadable("vector: .+")),
        ('{"vector":{"0":1}}', unreadable("vector: .+")),
        ('{"vectorId":1}', unreadable("vectorId: .+")),
        ('{"vectorId":["a"]}', unreadable("vectorId: .+")),
        ('{"vectorId":"\\ud800"}', unreadable(".+")),
        (_query('"topK":"5"'), unreadable("topK: .+")),
        (_query('"topK":"five"'), unreadable("topK: .+")),
        (_query('"topK":5.5'), unreadable("topK: .+")),
        (_query('"topK":true'), unreadable("topK: .+")),
        (_query('"topK":[5]'), unreadable("topK: .+")),
        (_query('"topK":' + "9" * 5_000), unreadable("topK: .+")),
        (_query('"returnValues":"true"'), unreadable("returnValues: .+")),
        (_query('"returnValues":1'), unreadable("returnValues: .+")),
        (_query('"namespace":1'), unreadable("namespace: .+")),
        (_query('"namespace":["n"]'), unreadable("namespace: .+")),
        (_query('"zzz":"\\ud800"'), unreadable(".+")),
        (_query('"zzz":' + "[" * 2_000 + "]" * 2_000), unreadable(".+")),
        (_query('"filter":' + '{"a":' * 2_000 + "1" + "}" * 2_000), unreadable(".+")),
        (_query('"namespace":"\udcff"'), unreadable(".+")),
    ],
    ids=range(32),
)
def test_bodies_that_are_no_query(target: Index, body: str, text: Expected) -> None:
    raw = body.encode(errors="surrogateescape")
    refused(target.post("query", content=raw, headers=JSON), 400, 40026, text)


@pytest.mark.parametrize("given", ["true", "false", "5", "[]", "{}"])
def test_return_metadata_must_be_a_text(target: Index, given: str) -> None:
    body = _query(f'"returnMetadata": {given}')
    text = unreadable(r"returnMetadata: expected value at line 1 column \d+")
    refused(target.post("query", content=body, headers=JSON), 400, 40026, text)


@pytest.mark.parametrize("given", ["", "everything", "All", "true"])
def test_other_texts_of_return_metadata(target: Index, given: str) -> None:
    why = f"returnMetadata: unknown variant `{given}`, expected one of `none`, `indexed`, `all`"
    text = unreadable(re.escape(why) + r" at line 1 column \d+")
    body = {"vector": padded(1.0), "returnMetadata": given}
    refused(target.post("query", body), 400, 40026, text)


@pytest.mark.parametrize("given", [True, False])
def test_the_open_profile_takes_booleans(open_index: Index, given: bool) -> None:
    open_index.upsert({"id": "a", "values": padded(1.0), "metadata": {"k": 1}})
    [match] = open_index.matches(returnMetadata=given)
    assert ("metadata" in match) is given


def test_a_long_namespace(target: Index) -> None:
    assert target.matches(namespace="é" * 32) == []
    text = "namespace too long; max is 64 bytes, got 66 bytes"
    refused(target.post("query", {"vector": padded(1.0), "namespace": "é" * 33}), 400, 40009, text)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8;",
        "application/json;charset=UTF-8",
        "Application/JSON",
        "application/json ; x=y",
    ],
)
def test_accepted_content_types(target: Index, content_type: str) -> None:
    headers = {"content-type": content_type}
    body = f'{{"vector":{_VALUES}}}'
    assert result(target.post("query", content=body, headers=headers))["count"] == 0


@pytest.mark.parametrize(
    "operation",
    ["query", "get_by_ids", "delete_by_ids", "metadata_index/create", "metadata_index/delete"],
)
@pytest.mark.parametrize(
    "content_type",
    [None, "", "text/plain", "application/x-ndjson", "application/jsonp", "application"],
)
def test_other_content_types(target: Index, operation: str, content_type: str | None) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    response = target.post(operation, content=b"{}", headers=headers)
    refused(response, 400, 40026, _CONTENT_TYPE)
