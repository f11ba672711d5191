"""Creations that are refused: the exact code, status and text, and no index afterwards."""

from __future__ import annotations

import httpx2
import pytest

from tests.contract.api import Expected, refused, result, unreadable

_CONFIG = {"dimensions": 32, "metric": "cosine"}
_LETTERS = "must be letters, digits, underscores and hyphens"
_RANGE = "Dimensions must be in range: [32, 1536]"
_METRIC = "Metric must be one of cosine, euclidean, dot-product"
_INTEGER = "Dimensions must be an integer"
_BOTH = "Config must be either a preset or dimensions and metric, not both"
_PRESET = (
    "Preset must be one of @cf/baai/bge-small-en-v1.5, @cf/baai/bge-base-en-v1.5, "
    "@cf/baai/bge-large-en-v1.5, openai/text-embedding-ada-002, cohere/embed-multilingual-v2.0"
)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", f"Index name '' {_LETTERS}"),
        ("a b", f"Index name 'a b' {_LETTERS}"),
        ("a.b", f"Index name 'a.b' {_LETTERS}"),
        ("a/b", f"Index name 'a/b' {_LETTERS}"),
        ("../a", f"Index name '../a' {_LETTERS}"),
        ("é", f"Index name 'é' {_LETTERS}"),
        ("٣", f"Index name '٣' {_LETTERS}"),
        ("a\n", f"Index name 'a\\n' {_LETTERS}"),
        ("x" * 65, "Index name must not exceed 64 bytes, got 65"),
    ],
)
def test_bad_names(http: httpx2.Client, name: str, why: str) -> None:
    response = http.post("/indexes", json={"name": name, "config": _CONFIG})
    refused(response, 400, 3003, f"vectorize.index.invalid_name - {why}")


@pytest.mark.parametrize(
    ("config", "why"),
    [
        (None, "Config must be provided"),
        ([], "Config must be provided"),
        ("cosine", "Config must be provided"),
        (5, "Config must be provided"),
        ({}, _INTEGER),
        ({"metric": "cosine"}, _INTEGER),
        ({"dimensions": "32", "metric": "cosine"}, _INTEGER),
        ({"dimensions": 32.5, "metric": "cosine"}, _INTEGER),
        ({"dimensions": True, "metric": "cosine"}, _INTEGER),
        ({"dimensions": [32], "metric": "cosine"}, _INTEGER),
        ({"dimensions": 31, "metric": "cosine"}, _RANGE),
        ({"dimensions": 1537, "metric": "cosine"}, _RANGE),
        ({"dimensions": 0, "metric": "cosine"}, _RANGE),
        ({"dimensions": -32, "metric": "cosine"}, _RANGE),
        ({"dimensions": 10**30, "metric": "cosine"}, _RANGE),
        ({"dimensions": 32}, _METRIC),
        ({"dimensions": 32, "metric": None}, _METRIC),
        ({"dimensions": 32, "metric": "manhattan"}, _METRIC),
        ({"dimensions": 32, "metric": "Cosine"}, _METRIC),
        ({"dimensions": 32, "metric": ["cosine"]}, _METRIC),
        ({"dimensions": 32, "metric": {}}, _METRIC),
        ({"preset": "no-such-model"}, _PRESET),
        ({"preset": 5}, _PRESET),
        ({"preset": "openai/text-embedding-ada-002", "dimensions": 1536}, _BOTH),
        ({"preset": "openai/text-embedding-ada-002", "metric": "cosine"}, _BOTH),
    ],
)
def test_bad_configurations(http: httpx2.Client, index_name: str, config: object, why: str) -> None:
    response = http.post("/indexes", json={"name": index_name, "config": config})
    refused(response, 400, 3001, f"vectorize.index.invalid_config - {why}")
    assert index_name not in _names(http)


def test_a_flat_configuration_is_none(http: httpx2.Client, index_name: str) -> None:
    response = http.post("/indexes", json={"name": index_name, **_CONFIG})
    refused(response, 400, 3001, "vectorize.index.invalid_config - Config must be provided")
    assert index_name not in _names(http)


@pytest.mark.parametrize(
    ("description", "why"),
    [
        ("x" * 1025, "Description must not exceed 1024 characters, got 1025"),
        (5, "Description must be a string"),
        (["text"], "Description must be a string"),
    ],
)
def test_bad_descriptions(
    http: httpx2.Client, index_name: str, description: object, why: str
) -> None:
    body = {"name": index_name, "config": _CONFIG, "description": description}
    refused(http.post("/indexes", json=body), 400, 3001, f"vectorize.index.invalid_config - {why}")
    assert index_name not in _names(http)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("", unreadable(".+")),
        ("{", unreadable(".+")),
        ("nonsense", unreadable(".+")),
        ("[]", unreadable("expected object.*")),
        ("null", unreadable("expected object.*")),
        ('{"config":{"dimensions":32,"metric":"cosine"}}', unreadable(".*name")),
        ('{"name":null,"config":{}}', unreadable("name: .+")),
        ('{"name":5,"config":{}}', unreadable("name: .+")),
        ('{"name":"\\ud800"}', unreadable(".+")),
        (b'{"name":"\xff"}', unreadable(".+")),
        ('{"name":"a","config":{"dimensions":1e999}}', unreadable("config.*")),
        ('{"name":"a","config":{"zzz":%s}}' % ("[" * 2_000 + "]" * 2_000), unreadable(".+")),
    ],
    ids=range(12),
)
def test_bodies_that_are_no_creation(
    http: httpx2.Client, body: str | bytes, text: Expected
) -> None:
    headers = {"content-type": "application/json"}
    refused(http.post("/indexes", content=body, headers=headers), 400, 40026, text)


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-ndjson"])
def test_a_creation_must_be_sent_as_json(
    http: httpx2.Client, index_name: str, content_type: str | None
) -> None:
    headers = {"content-type": content_type} if content_type else {}
    body = b'{"name":"%s","config":{"dimensions":32,"metric":"cosine"}}' % index_name.encode()
    response = http.post("/indexes", content=body, headers=headers)
    refused(response, 400, 40026, "Expected request with `Content-Type: application/json`")
    assert index_name not in _names(http)


def _names(http: httpx2.Client) -> set[str]:
    return {each["name"] for each in result(http.get("/indexes"))}
