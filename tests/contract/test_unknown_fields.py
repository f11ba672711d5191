"""Fields that are not known: accepted, named in the messages, and not looked into."""

from __future__ import annotations

import json

import httpx2
import pytest

from tests.contract.api import JSON, Index, messages, padded, refused, result, vector

_VALUES = json.dumps(padded(1.0))
_HELD = [
    b"null",
    b"[[{}]]",
    b'"text"',
    b"1e400",
    b"9" * 5_000,
    b'"\xff"',
    b'{"id":1,"values":2,"vector":3,"name":4}',
]
_NAMED = ['unknown field "zzz"']


@pytest.mark.parametrize("held", _HELD, ids=range(len(_HELD)))
def test_in_a_vector(index: Index, held: bytes) -> None:
    line = b'{"zzz":%s,"id":"a","values":%s}' % (held, _VALUES.encode())
    response = index.send("upsert", line)
    assert result(response).keys() == {"mutationId"}
    assert messages(response) == _NAMED
    assert index.vectors("a") == [vector("a")]


@pytest.mark.parametrize("held", _HELD, ids=range(len(_HELD)))
def test_in_a_query(index: Index, held: bytes) -> None:
    body = b'{"zzz":%s,"vector":%s}' % (held, _VALUES.encode())
    response = index.post("query", content=body, headers=JSON)
    assert result(response) == {"count": 0, "matches": []}
    assert messages(response) == _NAMED


@pytest.mark.parametrize("held", _HELD, ids=range(len(_HELD)))
def test_in_a_creation(http: httpx2.Client, index_name: str, held: bytes) -> None:
    config = b'{"dimensions":32,"metric":"cosine"}'
    body = b'{"zzz":%s,"name":"%s","config":%s}' % (held, index_name.encode(), config)
    response = http.post("/indexes", content=body, headers=JSON)
    assert result(response)["name"] == index_name
    assert messages(response) == _NAMED


@pytest.mark.parametrize("operation", ["get_by_ids", "delete_by_ids"])
def test_in_lists_of_ids(index: Index, operation: str) -> None:
    assert messages(index.post(operation, {"ids": [], "zzz": 1})) == _NAMED


def test_in_metadata_indexes(index: Index) -> None:
    body = {"propertyName": "k", "indexType": "string", "zzz": 1}
    assert messages(index.post("metadata_index/create", body)) == _NAMED
    body = {"propertyName": "k", "zzz": 1}
    assert messages(index.post("metadata_index/delete", body)) == _NAMED


def test_in_the_query_string(index: Index) -> None:
    for response in (
        index.http.get("/indexes", params={"zzz": 1}),
        index.get("info", params={"zzz": 1}),
        index.get("list", params={"zzz": 1, "count": 1}),
        index.post("query", {"vector": padded(1.0)}, params={"zzz": 1}),
    ):
        result(response)
        assert messages(response) == ['unknown parameter "zzz"']


def test_a_name_is_mentioned_once_and_as_it_is(index: Index) -> None:
    name = 'a "b" é\n' + "x" * 1_000
    body = {"vector": padded(1.0), name: 1}
    assert messages(index.post("query", body)) == [f'unknown field "{name}"']
    body = {"vector": padded(1.0), "topK": 500, "zzz": 1}
    refused(index.post("query", body), 400, 40025, "max top K is 100, but got 500")
