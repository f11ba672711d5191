"""V1 writes: they answer what they did, and it is done."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from tests.contract.api import JSON, UPSTREAM, ndjson, refused, result, vector
from tests.contract.legacy import LegacyIndex


def test_insert_answers_the_new_ids_only(v1_index: LegacyIndex) -> None:
    assert v1_index.written("insert", vector("b"), vector("a")) == ["b", "a"]
    again = vector("a", 0.0, 1.0), vector("c"), vector("c", 0.0, 1.0), vector("b")
    assert v1_index.written("insert", *again) == ["c"]
    assert v1_index.written("insert", vector("a")) == []
    assert v1_index.vectors("a", "b", "c") == [vector("a"), vector("b"), vector("c")]


def test_upsert_answers_every_id_once(v1_index: LegacyIndex) -> None:
    v1_index.written("insert", vector("a"), vector("b"))
    new = vector("a", 0.0, 1.0, namespace="n"), vector("c"), vector("c", 0.0, 2.0)
    assert v1_index.written("upsert", *new) == ["a", "c"]
    assert v1_index.vectors("a", "b", "c") == [new[0], vector("b"), new[2]]


def test_delete_answers_what_was_there(v1_index: LegacyIndex) -> None:
    v1_index.written("insert", *(vector(name) for name in "abcd"))
    assert v1_index.removed("d", "nobody", "a", "d") == ["d", "a"]
    assert v1_index.removed("d", "nobody") == []
    assert v1_index.removed() == []
    assert [found["id"] for found in v1_index.vectors("d", "c", "b", "a")] == ["c", "b"]
    assert v1_index.written("insert", vector("a"), vector("b")) == ["a"]


@pytest.mark.parametrize("form", ["ndjson", "multipart", "object", "array", "bytes", "text"])
def test_every_form_of_body(v1_index: LegacyIndex, form: str) -> None:
    vectors = [vector("a", metadata={"k": [1, "é"]}), vector("b", namespace="n")]
    lines = ndjson(*vectors)
    bodies: dict[str, dict[str, Any]] = {
        "ndjson": {"content": lines, "headers": {"content-type": "application/x-ndjson"}},
        "multipart": {"files": {"vectors": ("vectors.ndjson", lines, "application/x-ndjson")}},
        "object": {"json": {"vectors": vectors}},
        "array": {"json": vectors},
        "bytes": {"content": lines, "headers": {"content-type": "application/octet-stream"}},
        "text": {"content": json.dumps(lines.decode()), "headers": JSON},
    }
    response = v1_index.post("insert", **bodies[form])
    assert result(response) == {"count": 2, "ids": ["a", "b"]}
    assert v1_index.vectors("b", "a", "c") == vectors[::-1]


def test_a_refused_batch_leaves_nothing(v1_index: LegacyIndex) -> None:
    short = {"id": "b", "values": [1.0]}
    text = 'invalid vector for id="b", expected 32 dimensions, and got 1 dimensions'
    for operation in ("insert", "upsert"):
        response = v1_index.send(operation, ndjson(vector("a"), short))
        refused(response, 400, 40012, UPSTREAM + text)
        text_of_none = f"failed to parse {operation} vectors request in ndjson format"
        refused(v1_index.send(operation, b""), 400, 40023, UPSTREAM + text_of_none)
    assert v1_index.vectors("a") == []


def test_there_is_no_unparsable_behavior(v1_index: LegacyIndex) -> None:
    options: dict[str, Any] = {"params": {"unparsable-behavior": "discard"}}
    response = v1_index.send("insert", ndjson(vector("a")) + b"\nno vector", **options)
    where = "line Some(1) was not expected format"
    text = f"failed to parse insert vectors request in ndjson format: {where}"
    refused(response, 400, 40023, UPSTREAM + text)
    response = v1_index.send("insert", ndjson(vector("a")), **options)
    noted = [message["message"] for message in response.json()["messages"]]
    assert noted == ['unknown parameter "unparsable-behavior"']


def test_writes_of_two_clients_each_know_what_they_did(
    v1_index: LegacyIndex, v1: httpx2.Client
) -> None:
    same = LegacyIndex(v1, v1_index.name)
    first = v1_index.written("insert", vector("a"), vector("b"))
    second = same.written("insert", vector("b"), vector("c"))
    assert (first, second) == (["a", "b"], ["c"])
    assert (same.removed("a", "c"), v1_index.removed("a", "b")) == (["a", "c"], ["b"])
