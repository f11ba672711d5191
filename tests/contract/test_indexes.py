"""Indexes: create, get, list, delete, create again."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.contract.api import Index, create, messages, refused, result, vector
from tests.support.server import Server

_CONFIG = {"dimensions": 32, "metric": "cosine"}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")

PRESETS = {
    "@cf/baai/bge-small-en-v1.5": 384,
    "@cf/baai/bge-base-en-v1.5": 768,
    "@cf/baai/bge-large-en-v1.5": 1024,
    "openai/text-embedding-ada-002": 1536,
    "cohere/embed-multilingual-v2.0": 768,
}


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "dot-product"])
@pytest.mark.parametrize("dimensions", [32, 33, 1536])
def test_create_by_dimensions_and_metric(
    http: httpx2.Client, index_name: str, dimensions: int, metric: str
) -> None:
    config = {"dimensions": dimensions, "metric": metric}
    body = {"name": index_name, "description": "what it is for", "config": config}
    created = result(http.post("/indexes", json=body))
    assert created.items() >= body.items()
    assert created == result(http.get(f"/indexes/{index_name}"))
    info = Index(http, index_name).info()
    assert info == {
        "dimensions": dimensions,
        "metric": metric,
        "vectorCount": 0,
        "processedUpToDatetime": None,
        "processedUpToMutation": None,
    }


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_comes_back_resolved(http: httpx2.Client, index_name: str, preset: str) -> None:
    body = {"name": index_name, "config": {"preset": preset}}
    created = result(http.post("/indexes", json=body))
    assert created["config"] == {"dimensions": PRESETS[preset], "metric": "cosine"}


@pytest.mark.parametrize(
    "extra", [{}, {"description": None}, {"description": ""}, {"description": "ä" * 1024}]
)
def test_a_description_is_optional(
    http: httpx2.Client, index_name: str, extra: dict[str, Any]
) -> None:
    created = result(http.post("/indexes", json={"name": index_name, "config": _CONFIG, **extra}))
    assert created["description"] == extra.get("description")


@pytest.mark.parametrize("stem", ["a", "-", "_", "0", "A_b-9", "x" * 64])
def test_legal_names(server: Server, http: httpx2.Client, stem: str) -> None:
    account = f"{server.api}/accounts/names/vectorize/v2"
    created = result(http.post(f"{account}/indexes", json={"name": stem, "config": _CONFIG}))
    assert created["name"] == stem
    assert result(http.get(f"{account}/indexes/{stem}")) == created


def test_times_are_iso_8601(http: httpx2.Client, index_name: str) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    created = result(http.post("/indexes", json={"name": index_name, "config": _CONFIG}))
    after = datetime.now(UTC) + timedelta(milliseconds=1)
    assert _TIME.fullmatch(created["created_on"])
    assert before <= datetime.fromisoformat(created["created_on"]) <= after
    assert created["modified_on"] == created["created_on"]


def test_a_listing_has_every_index_and_no_cursor(http: httpx2.Client, index_name: str) -> None:
    names = [f"{index_name}-{n}" for n in range(3)]
    for name in names:
        create(http, name)
    response = http.get("/indexes")
    listed = {each["name"]: each for each in result(response)}
    assert [listed[name] for name in names] == [
        result(http.get(f"/indexes/{name}")) for name in names
    ]
    # wrangler follows any result_info.cursor that is not empty, for ever
    assert not (response.json().get("result_info") or {}).get("cursor")


def test_delete_answers_null_and_all_operations_then_say_410(index: Index) -> None:
    index.upsert(vector("a"))
    http, name = index.http, index.name
    response = http.request("DELETE", f"/indexes/{name}", headers={"content-type": "text/x"})
    assert result(response) is None
    gone = (410, 3005, f'vectorize.index.deleted - Index name "{name}" was deleted')
    refused(http.get(f"/indexes/{name}"), *gone)
    refused(http.delete(f"/indexes/{name}"), *gone)
    for response in _all_data_operations(index):
        refused(response, *gone)
    assert name not in {each["name"] for each in result(http.get("/indexes"))}


def test_unknown_indexes_are_404(http: httpx2.Client, index_name: str) -> None:
    unknown = (404, 3000, f'vectorize.index.not_found - Index name "{index_name}"')
    refused(http.get(f"/indexes/{index_name}"), *unknown)
    refused(http.delete(f"/indexes/{index_name}"), *unknown)
    for response in _all_data_operations(Index(http, index_name)):
        refused(response, *unknown)


def test_a_name_can_be_used_again(index: Index) -> None:
    index.make_filterable(old="string")
    index.upsert(vector("a"))
    http, name = index.http, index.name
    result(http.delete(f"/indexes/{name}"))
    config = {"dimensions": 40, "metric": "euclidean"}
    created = result(http.post("/indexes", json={"name": name, "config": config}))
    assert created["config"] == config
    assert index.info().items() >= {"dimensions": 40, "vectorCount": 0}.items()
    assert index.ids() == []
    assert index.vectors("a") == []
    assert result(index.get("metadata_index/list")) == {"metadataIndexes": []}


def test_a_duplicate_name_is_refused_and_changes_nothing(index: Index) -> None:
    before = result(index.http.get(f"/indexes/{index.name}"))
    for config in (_CONFIG, {"dimensions": 64, "metric": "euclidean"}):
        response = index.http.post("/indexes", json={"name": index.name, "config": config})
        text = f'vectorize.index.duplicate_name - Index name "{index.name}"'
        refused(response, 400, 3002, text)
    assert result(index.http.get(f"/indexes/{index.name}")) == before


def test_accounts_do_not_see_each_other(index: Index, server: Server) -> None:
    other = f"{server.api}/accounts/another/vectorize/v2/indexes"
    assert result(index.http.get(other)) == []
    text = f'vectorize.index.not_found - Index name "{index.name}"'
    refused(index.http.get(f"{other}/{index.name}"), 404, 3000, text)
    refused(index.http.delete(f"{other}/{index.name}"), 404, 3000, text)


def test_unknown_fields_are_named(http: httpx2.Client, index_name: str) -> None:
    body = {"name": index_name, "colour": 1, "config": {**_CONFIG, "shape": "round"}}
    response = http.post("/indexes", json=body)
    assert result(response)["config"] == _CONFIG
    assert messages(response) == ['unknown field "colour"', 'unknown field "shape"']


def _all_data_operations(index: Index) -> list[httpx2.Response]:
    return [
        index.get("info"),
        index.get("list"),
        index.get("metadata_index/list"),
        index.send("insert", "{}"),
        index.send("upsert", "{}"),
        index.post("query", {"vector": []}),
        index.post("get_by_ids", {"ids": []}),
        index.post("delete_by_ids", {"ids": []}),
        index.post("metadata_index/create", {"propertyName": "p", "indexType": "string"}),
        index.post("metadata_index/delete", {"propertyName": "p"}),
    ]
