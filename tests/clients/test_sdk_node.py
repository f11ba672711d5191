"""Cloudflare's TypeScript SDK, 7.3.0 and 5.2.0."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.conftest import Script

_VERSIONS = ("7.3.0", "5.2.0")


@pytest.fixture(scope="module", params=_VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    given: str = request.param
    return given


@pytest.fixture(scope="module")
def name(version: str) -> str:
    return f"sdk-node-{version.replace('.', '-')}"


@pytest.fixture(scope="module")
def ran(version: str, name: str, run_node: Script) -> dict[str, Any]:
    """What the script printed."""
    out: dict[str, Any] = run_node(f"cloudflare-{version}", "sdk_node.mjs", name)
    return out


def test_indexes(ran: dict[str, Any], name: str) -> None:
    assert ran["missing"] == ["NotFoundError", 404, 3000]
    assert ran["create"]["name"] == name
    assert ran["create"]["config"] == {"dimensions": 32, "metric": "cosine"}
    assert ran["duplicate"] == ["BadRequestError", 400, 3002]
    assert name in ran["listed"]
    assert ran["delete"] is None


def test_bodies(ran: dict[str, Any], version: str) -> None:
    assert [ran[body] for body in ("string", "file", "toFile")] == ["written"] * 3
    # 5.2.0 sends the slab that a Buffer lies in, and a stream as the JSON of its object
    refused = ["BadRequestError", 400, 40023]
    expected = "written" if version == "7.3.0" else refused
    assert (ran["buffer"], ran["stream"]) == (expected, expected)
    assert ran["broken"] == refused
    assert ran["info"]["vectorCount"] == (5 if version == "7.3.0" else 3)
    assert ran["info"]["dimensions"] == 32


def test_queries(ran: dict[str, Any]) -> None:
    match = {"id": "string", "score": 1, "namespace": "n", "metadata": {"kind": "x"}}
    assert ran["query"] == {"count": 1, "matches": [match]}
    assert [found["id"] for found in ran["filtered"]["matches"]] == ["string"]
    assert ran["wrong"] == ["BadRequestError", 400, 40006]


def test_vectors_by_id(ran: dict[str, Any]) -> None:
    assert ran["byIds"] == [{"id": "file", "values": [2.5] + [1] * 31}]
    assert ran["deleted"] == "written"
    assert ran["count"] == ran["info"]["vectorCount"] - 1


def test_listing(ran: dict[str, Any], version: str) -> None:
    page = ran["page"]
    assert len(page["vectors"]) == page["count"] == 2
    assert page["totalCount"] == ran["info"]["vectorCount"]
    assert page["isTruncated"] is True
    assert page["nextCursor"]


def test_metadata_indexes(ran: dict[str, Any]) -> None:
    assert ran["metadataIndex"] == "written"
    listed = [{"propertyName": "kind", "indexType": "string"}]
    assert ran["metadataIndexes"] == {"metadataIndexes": listed}
    assert ran["dropped"] == "written"
