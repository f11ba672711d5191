"""Cloudflare's Python SDK: 5.9.0, and 4.3.1 which others still pin."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.conftest import Client
from tests.clients.programs import is_mutation, run_script
from tests.support.server import Server


@pytest.fixture(scope="module", params=["5.9.0", "4.3.1"])
def version(request: pytest.FixtureRequest) -> str:
    given: str = request.param
    return given


@pytest.fixture(scope="module")
def name(version: str) -> str:
    """The index that the script makes and deletes."""
    return f"sdk-python-{version}".replace(".", "-")


@pytest.fixture(scope="module")
def ran(version: str, name: str, python_client: Client, server: Server) -> dict[str, Any]:
    """What the script printed."""
    interpreter = python_client(f"cloudflare-{version}")
    out: dict[str, Any] = run_script(server, interpreter, "sdk_python.py", name)
    assert out["version"] == version
    return out


def _values(first: float) -> list[float]:
    return [first] + [1.0] * 31


def test_indexes(ran: dict[str, Any], name: str) -> None:
    not_found = f'vectorize.index.not_found - Index name "{name}"'
    assert ran["missing"] == ["NotFoundError", 404, 3000, not_found]
    created = ran["create"]
    assert created["name"] == name
    assert created["config"] == {"dimensions": 32, "metric": "euclidean"}
    assert ran["created_on"] == "datetime"
    assert ran["get"] == created
    assert created in ran["listed"]
    duplicate = f'vectorize.index.duplicate_name - Index name "{name}"'
    assert ran["duplicate"] == ["BadRequestError", 400, 3002, duplicate]
    assert ran["delete"] is None
    deleted = f'vectorize.index.deleted - Index name "{name}" was deleted'
    assert ran["gone"] == ["APIStatusError", 410, 3005, deleted]


def test_metadata_indexes(ran: dict[str, Any]) -> None:
    assert is_mutation(ran["metadata_index"])
    listed = {"metadataIndexes": [{"propertyName": "kind", "indexType": "string"}]}
    assert ran["metadata_indexes"] == listed
    assert is_mutation(ran["drop_metadata_index"])


def test_every_body_under_every_content_type(ran: dict[str, Any], version: str) -> None:
    written = {key for key, answer in ran["writes"].items() if is_mutation(answer)}
    refused = {key for key, answer in ran["writes"].items() if answer == ["TypeError"]}
    assert written | refused == set(ran["writes"])
    # 4.3.1 refuses bytes itself, before it sends anything.
    own = {key for key in ran["writes"] if key.startswith("bytes") and version == "4.3.1"}
    assert refused == own
    assert ran["stored"] == [
        {"id": key, "values": _values(first + 1.5)}
        for first, key in enumerate(ran["writes"])
        if key in written
    ]


def test_unparsable_behavior(ran: dict[str, Any]) -> None:
    text = (
        "vectorize.upstream_error - failed to parse upsert vectors request in ndjson format: "
        "line Some(1) was not expected format"
    )
    assert ran["error"] == ["BadRequestError", 400, 40023, text]
    assert is_mutation(ran["discard"])


def test_info(ran: dict[str, Any]) -> None:
    info = ran["info"]
    assert info["dimensions"] == 32
    assert info["vectorCount"] == len(ran["stored"]) + 3
    assert info["processedUpToMutation"] == ran["discard"]["mutationId"]
    assert ran["processed"] == "datetime"


def test_queries(ran: dict[str, Any]) -> None:
    first = {"id": "a", "score": 0, "namespace": "n", "metadata": {"kind": "x"}}
    second = {"id": "b", "score": 1, "metadata": {"kind": "y"}}
    assert ran["query"] == {"count": 2, "matches": [first, second]}
    second = {"id": "b", "score": 1, "values": _values(-2.5)}
    third = {"id": "c", "score": 2, "namespace": "n", "values": _values(-3.5)}
    assert ran["filtered"] == {"count": 2, "matches": [second, third]}
    both = [{"id": "a", "score": 0, "namespace": "n"}, {"id": "c", "score": 2, "namespace": "n"}]
    assert ran["in_namespace"] == {"count": 2, "matches": both}
    text = "invalid query vector, expected 32 dimensions, and got 1 dimensions"
    assert ran["wrong_dimensions"] == ["BadRequestError", 400, 40006, text]


def test_vectors_by_id(ran: dict[str, Any]) -> None:
    assert is_mutation(ran["insert"])
    assert is_mutation(ran["insert_again"]), "accepted, though it changes nothing"
    assert ran["by_ids"] == [
        {"id": "b", "values": _values(-2.5), "metadata": {"kind": "y"}},
        {"id": "a", "values": _values(-1.5), "namespace": "n", "metadata": {"kind": "x"}},
    ]
    assert is_mutation(ran["delete_vectors"])
    assert ran["left"]["vectorCount"] == ran["info"]["vectorCount"] - 2
    assert ran["left"]["processedUpToMutation"] == ran["delete_vectors"]["mutationId"]


def test_listing(ran: dict[str, Any], version: str) -> None:
    if version == "4.3.1":
        assert "pages" not in ran, "this version can't list vectors"
        return
    first, rest = ran["pages"]
    assert [(page["count"], page["totalCount"]) for page in ran["pages"]] == [(10, 15), (5, 15)]
    assert (first["isTruncated"], rest["isTruncated"]) == (True, False)
    assert (rest["nextCursor"], rest["cursorExpirationTimestamp"]) == (None, None)
    ids = [vector["id"] for page in ran["pages"] for vector in page["vectors"]]
    assert sorted(ids) == sorted([*ran["writes"], "a", "b", "c"])
