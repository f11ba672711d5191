"""`--strict`: unknown fields and parameters are refused by name. Nothing else changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.contract.api import (
    UPSTREAM,
    Index,
    create,
    ndjson,
    padded,
    refused,
    result,
    vector,
    watched,
)
from tests.support.server import Server

_CONFIG = {"dimensions": 32, "metric": "cosine"}


@pytest.fixture(scope="module")
def strict_http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    data = tmp_path_factory.mktemp("strict") / "data"
    with Server(data, "--strict") as running, watched(running) as client:
        yield client


@pytest.fixture
def strict(strict_http: httpx2.Client, index_name: str) -> Index:
    return create(strict_http, index_name)


def _json_error(name: str) -> tuple[int, int, str]:
    return 400, 40026, f'Failed to parse the request body as JSON: unknown field "{name}"'


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("query", {"vector": padded(1.0), "zzz": 1}),
        ("query", {"zzz": {"deep": [1]}, "vectorId": "a"}),
        ("get_by_ids", {"ids": [], "zzz": 1}),
        ("delete_by_ids", {"ids": ["kept"], "zzz": None}),
        ("metadata_index/create", {"propertyName": "k", "indexType": "string", "zzz": 1}),
        ("metadata_index/delete", {"propertyName": "k", "zzz": 1}),
    ],
)
def test_fields_of_json_operations(strict: Index, operation: str, body: dict[str, Any]) -> None:
    strict.upsert(vector("kept"))
    before = strict.state()
    refused(strict.post(operation, body), *_json_error("zzz"))
    assert strict.state() == before


@pytest.mark.parametrize(
    ("extra", "config"), [({"zzz": 1}, _CONFIG), ({}, {**_CONFIG, "zzz": 1}), ({"zzz": 1}, None)]
)
def test_fields_of_a_creation(
    strict_http: httpx2.Client, index_name: str, extra: dict[str, Any], config: object
) -> None:
    body = {"name": index_name, "config": config, **extra}
    refused(strict_http.post("/indexes", json=body), *_json_error("zzz"))
    assert strict_http.get(f"/indexes/{index_name}").status_code == 404


@pytest.mark.parametrize("operation", ["insert", "upsert"])
def test_fields_of_a_vector(strict: Index, operation: str) -> None:
    vectors = [vector("a"), vector("b", sparse=[1])]
    text = f"{UPSTREAM}failed to parse {operation} vectors request in "
    where = 'line Some(1) has an unknown field "sparse"'
    response = strict.send(operation, ndjson(*vectors))
    refused(response, 400, 40023, f"{text}ndjson format: {where}")
    response = strict.send(operation, json.dumps(vectors))
    refused(response, 400, 40023, f"{text}json format: {where}")
    assert strict.state() == (0, None, [])


def test_metadata_may_have_any_fields(strict: Index) -> None:
    strict.upsert(vector("a", metadata={"zzz": 1, "id": 2, "values": 3}))
    assert strict.ids() == ["a"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/indexes"),
        ("POST", "/indexes"),
        ("GET", "/indexes/{}"),
        ("DELETE", "/indexes/{}"),
        ("POST", "/indexes/{}/query"),
        ("POST", "/indexes/{}/get_by_ids"),
        ("POST", "/indexes/{}/delete_by_ids"),
        ("GET", "/indexes/{}/info"),
        ("GET", "/indexes/{}/list"),
        ("GET", "/indexes/{}/metadata_index/list"),
        ("POST", "/indexes/{}/metadata_index/create"),
        ("POST", "/indexes/{}/metadata_index/delete"),
    ],
)
def test_parameters(strict: Index, method: str, path: str) -> None:
    response = strict.http.request(method, path.format(strict.name), params={"zzz": 1})
    refused(response, 400, 40031, 'invalid parameter: unknown parameter "zzz"')
    assert strict.info()["vectorCount"] == 0


@pytest.mark.parametrize("operation", ["insert", "upsert"])
def test_parameters_of_a_write(strict: Index, operation: str) -> None:
    response = strict.send(operation, ndjson(vector("a")), params={"zzz": 1})
    refused(response, 400, 40031, f'{UPSTREAM}invalid parameter: unknown parameter "zzz"')
    assert strict.state() == (0, None, [])


def test_what_is_known_is_taken(strict: Index) -> None:
    strict.make_filterable(k="string")
    vectors = ndjson(vector("a", namespace="n", metadata={"k": "x"}), vector("b", namespace=None))
    result(strict.send("insert", vectors, params={"unparsable-behavior": "error"}))
    query = {
        "topK": 3,
        "returnValues": True,
        "returnMetadata": "all",
        "namespace": "n",
        "filter": {"k": "x"},
    }
    assert [match["id"] for match in strict.matches(**query)] == ["a"]
    page = strict.page(count=1)
    assert strict.page(count=1, cursor=page["nextCursor"])["vectors"] == [{"id": "b"}]
    result(strict.http.post("/indexes", json={"name": f"{strict.name[:50]}-2", "config": _CONFIG}))
