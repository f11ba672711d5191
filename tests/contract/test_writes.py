"""Insert and upsert: every form a body can have, and what each write does."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.api import UPSTREAM, Index, messages, ndjson, padded, refused, result, vector

_VECTORS = [
    vector("a", 1.0, 2.0, namespace="n", metadata={"k": "ä\n", "l": [1, {"x": None}]}),
    vector("b", 0.5, namespace=None, metadata=None),
]
_LINES = ndjson(*_VECTORS)
_CUT = _LINES.index(b"\n") + 1
_QUOTED = json.dumps(_LINES.decode())
_PART = ("vectors.ndjson", _LINES, "application/x-ndjson")
_WRONG = ("other.txt", b"nonsense", "text/plain")


def _raw(body: bytes | str, content_type: str | None = None, **headers: str) -> dict[str, Any]:
    if content_type:
        headers["content-type"] = content_type
    return {"content": body, "headers": headers}


def _two_types(first: str, second: str) -> dict[str, Any]:
    return {"content": _LINES, "headers": [("content-type", first), ("content-type", second)]}


def _gzip(body: bytes) -> dict[str, Any]:
    return {"content": body, "headers": {"content-encoding": "gzip"}}


class _Chunks:
    """A body of unknown length, which goes out in chunks."""

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(_LINES), 7):
            yield _LINES[start : start + 7]


FORMS: dict[str, dict[str, Any]] = {
    "multipart as wrangler sends it": {"files": {"vectors": _PART}},
    "multipart without a part type": {"files": {"vectors": ("embeddings.ndjson", _LINES)}},
    "multipart with another file field": {"files": {"file": _PART}},
    "multipart with vectors behind another file": {"files": [("file", _WRONG), ("vectors", _PART)]},
    "multipart with vectors as a plain field": {
        "data": {"vectors": _LINES.decode()},
        "files": {"file": _WRONG},
    },
    "multipart with a file behind a plain field": {
        "data": {"comment": "x"},
        "files": {"file": _PART},
    },
    "ndjson": _raw(_LINES, "application/x-ndjson"),
    "ndjson with parameters": _raw(_LINES, "Application/X-NDJSON; charset=utf-8;"),
    "ndjson as json": _raw(_LINES, "application/json"),
    "ndjson as bytes": _raw(_LINES, "application/octet-stream"),
    "ndjson without a type": _raw(_LINES),
    "a string as json": _raw(_QUOTED, "application/json"),
    "a string as ndjson": _raw(_QUOTED, "application/x-ndjson"),
    "a string with spaces around": _raw(f" \n{_QUOTED}\n ", "application/json"),
    "an object": {"json": {"vectors": _VECTORS}},
    "an object as ndjson": _raw(json.dumps({"vectors": _VECTORS}), "application/x-ndjson"),
    "an object over many lines": _raw(json.dumps({"vectors": _VECTORS}, indent=1)),
    "an array": {"json": _VECTORS},
    "an array as ndjson": _raw(json.dumps(_VECTORS), "application/x-ndjson"),
    "an array over many lines": _raw(json.dumps(_VECTORS, indent=1)),
    "a string of an array": _raw(json.dumps(json.dumps(_VECTORS)), "application/json"),
    "two types, json first": _two_types("application/json", "application/x-ndjson"),
    "two types, ndjson first": _two_types("application/x-ndjson", "application/json"),
    "gzip": _gzip(gzip.compress(_LINES)),
    "gzip of two members": _gzip(gzip.compress(_LINES[:_CUT]) + gzip.compress(_LINES[_CUT:])),
    "identity": _raw(_LINES, **{"content-encoding": "identity"}),
    "chunks": {"content": _Chunks()},
    "blank lines": _raw(b"\n\n" + _LINES.replace(b"\n", b"\n \n\n") + b"\n\n"),
    "crlf": _raw(_LINES.replace(b"\n", b"\r\n") + b"\r\n"),
    "crlf and blank lines": _raw(b"\r\n" + _LINES.replace(b"\n", b"\r\n\r\n")),
    "a byte order mark": _raw(b"\xef\xbb\xbf" + _LINES),
    "a byte order mark and an array": _raw(b"\xef\xbb\xbf" + json.dumps(_VECTORS).encode()),
    "the binding's headers": _raw(
        _LINES, **{"cf-vector-search-dim-width": "7", "cf-vector-search-dim-height": "9"}
    ),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("operation", ["insert", "upsert"])
def test_forms_of_a_body(index: Index, operation: str, form: dict[str, Any]) -> None:
    response = index.post(operation, **form)
    assert result(response).keys() == {"mutationId"}
    assert messages(response) == []
    assert index.vectors("a", "b") == [_VECTORS[0], {"id": "b", "values": padded(0.5)}]
    assert index.info()["vectorCount"] == 2


@pytest.mark.parametrize(
    "form",
    [
        _raw(_LINES, "text/plain"),
        _raw(_LINES, "application/xml"),
        _raw(_LINES, "application/x-www-form-urlencoded"),
        _raw(_LINES, "multipart/mixed; boundary=x"),
        _raw(_LINES, "nonsense"),
        _raw(_LINES, "application/x-ndjson", **{"content-encoding": "br"}),
    ],
)
@pytest.mark.parametrize("operation", ["insert", "upsert"])
def test_other_types_are_refused(index: Index, operation: str, form: dict[str, Any]) -> None:
    refused(index.post(operation, **form), 400, 1005, "vectorize.unknown_content_type")
    assert index.state() == (0, None, [])


def test_a_mutation_id_is_a_uuid_and_processed_at_once(index: Index) -> None:
    seen = set()
    for operation in ("insert", "upsert", "upsert"):
        mutation = index.write(operation, vector("a"))
        assert str(uuid.UUID(mutation)) == mutation
        assert index.info()["processedUpToMutation"] == mutation
        seen.add(mutation)
    assert len(seen) == 3


def test_insert_keeps_the_first(index: Index) -> None:
    index.write("insert", vector("a", 1.0, metadata={"n": 1}), vector("a", 2.0))
    index.write("insert", vector("a", 3.0, namespace="new"), vector("b", 4.0))
    first = {"id": "a", "values": padded(1.0), "metadata": {"n": 1}}
    assert index.vectors("a", "b") == [first, {"id": "b", "values": padded(4.0)}]
    assert index.info()["vectorCount"] == 2


def test_upsert_keeps_the_last_in_full(index: Index) -> None:
    index.upsert(vector("a", 1.0), vector("a", 2.0, namespace="n", metadata={"n": 1}))
    assert index.vectors("a") == [
        {"id": "a", "values": padded(2.0), "namespace": "n", "metadata": {"n": 1}}
    ]
    index.upsert(vector("a", 3.0, metadata={"m": 2}))
    assert index.vectors("a") == [{"id": "a", "values": padded(3.0), "metadata": {"m": 2}}]
    index.upsert(vector("a", 4.0))
    assert index.vectors("a") == [{"id": "a", "values": padded(4.0)}]
    assert index.info()["vectorCount"] == 1


def test_an_object_of_vectors_may_have_other_members(index: Index) -> None:
    body = {"kind": "batch", "vectors": [vector("a")]}
    result(index.post("upsert", body))
    assert index.ids() == ["a"]


def test_unknown_fields_of_a_vector_are_named_once(index: Index) -> None:
    vectors = [vector(str(n), sparse={"deep": [1]}, colour=2) for n in range(3)]
    response = index.send("upsert", ndjson(*vectors))
    assert result(response).keys() == {"mutationId"}
    assert messages(response) == ['unknown field "sparse"', 'unknown field "colour"']
    assert index.ids() == ["0", "1", "2"]


def test_of_a_repeated_json_key_the_last_wins(index: Index) -> None:
    values = json.dumps(padded(1.0))
    line = f'{{"id":"a","id":"b","values":{values},"metadata":{{"k":1,"k":2}}}}'
    result(index.send("upsert", line))
    assert index.vectors("b") == [{"id": "b", "values": padded(1.0), "metadata": {"k": 2}}]


@pytest.mark.parametrize("operation", ["insert", "upsert"])
def test_only_data_errors_of_writes_have_the_prefix(index: Index, operation: str) -> None:
    text = 'invalid vector for id="a", expected 32 dimensions, and got 1 dimensions'
    response = index.send(operation, '{"id":"a","values":[1]}')
    refused(response, 400, 40012, f"{UPSTREAM}{text}")
    long = "x" * 65
    text = "id too long; max is 64 bytes, got 65 bytes"
    refused(index.send(operation, ndjson(vector(long))), 400, 40008, f"{UPSTREAM}{text}")
    for other in ("get_by_ids", "delete_by_ids"):
        refused(index.post(other, {"ids": [long]}), 400, 40008, text)
    response = Index(index.http, "no-such-index").send(operation, ndjson(vector("a")))
    text = 'vectorize.index.not_found - Index name "no-such-index"'
    refused(response, 404, 3000, text)
