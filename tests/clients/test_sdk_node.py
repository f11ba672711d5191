"""Cloudflare's TypeScript SDK: 7.3.0, and 5.2.0 with its own ways to send a body."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.conftest import Client
from tests.clients.programs import is_mutation, run_script
from tests.support.server import Server


@pytest.fixture(scope="module", params=["7.3.0", "5.2.0"])
def version(request: pytest.FixtureRequest) -> str:
    given: str = request.param
    return given


@pytest.fixture(scope="module")
def name(version: str) -> str:
    """The index that the script makes and deletes."""
    return f"sdk-node-{version}".replace(".", "-")


@pytest.fixture(scope="module")
def ran(version: str, name: str, npm_client: Client, server: Server) -> dict[str, Any]:
    """What the script printed."""
    modules = npm_client(f"cloudflare-{version}").as_uri()
    out: dict[str, Any] = run_script(server, "node", "sdk_node.mjs", modules, name)
    return out


def _values(first: float) -> list[float]:
    return [first] + [1.0] * 31


def test_indexes(ran: dict[str, Any], name: str) -> None:
    not_found = f'vectorize.index.not_found - Index name "{name}"'
    assert ran["missing"] == ["NotFoundError", 404, 3000, not_found]
    created = ran["create"]
    assert created["name"] == name
    assert created["config"] == {"dimensions": 32, "metric": "euclidean"}
    assert ran["get"] == created
    assert created in ran["listed"]
    duplicate = f'vectorize.index.duplicate_name - Index name "{name}"'
    assert ran["duplicate"] == ["BadRequestError", 400, 3002, duplicate]
    assert ran["delete"] is None
    deleted = f'vectorize.index.deleted - Index name "{name}" was deleted'
    assert ran["gone"] == ["APIError", 410, 3005, deleted]


def test_metadata_indexes(ran: dict[str, Any]) -> None:
    assert is_mutation(ran["metadataIndex"])
    listed = [{"propertyName": "kind", "indexType": "string"}]
    assert ran["metadataIndexes"] == {"metadataIndexes": listed}
    assert is_mutation(ran["dropMetadataIndex"])


def test_every_body_that_the_version_sends_whole_is_written(
    ran: dict[str, Any], version: str
) -> None:
    written = [body for body, answer in ran["writes"].items() if is_mutation(answer)]
    if version == "7.3.0":
        assert written == ["string", "file", "toFile", "buffer", "stream"]
    else:
        # It sends the memory around a Buffer as well, and the JSON of a stream's object.
        assert written == ["string", "file", "toFile"]
        for body in ("buffer", "stream"):
            assert ran["writes"][body][:3] == ["BadRequestError", 400, 40023]
    assert [vector["id"] for vector in ran["stored"]] == written


def test_unparsable_behavior(ran: dict[str, Any]) -> None:
    text = (
        "vectorize.upstream_error - failed to parse upsert vectors request in ndjson format: "
        "line Some(1) was not expected format"
    )
    assert ran["error"] == ["BadRequestError", 400, 40023, text]
    assert is_mutation(ran["discard"])


def test_vectors_and_info(ran: dict[str, Any]) -> None:
    string, file, to_file = ran["stored"][:3]
    named = {"namespace": "n", "metadata": {"kind": "x"}}
    assert string == {"id": "string", "values": _values(1.5), **named}
    assert file == {"id": "file", "values": _values(6.5), "metadata": {"kind": "y"}}
    assert to_file == {"id": "toFile", "values": _values(3.5)}
    assert ran["info"]["dimensions"] == 32
    assert ran["info"]["vectorCount"] == len(ran["stored"])
    assert ran["info"]["processedUpToMutation"] == ran["discard"]["mutationId"]
    assert is_mutation(ran["deleteVectors"])
    assert ran["left"]["vectorCount"] == len(ran["stored"]) - 1
    assert ran["left"]["processedUpToMutation"] == ran["deleteVectors"]["mutationId"]


def test_queries(ran: dict[str, Any]) -> None:
    match = {"id": "string", "score": 0, "namespace": "n", "metadata": {"kind": "x"}}
    assert ran["query"] == {"count": 1, "matches": [match]}
    others = ran["filtered"]["matches"]
    assert sorted(found["id"] for found in others) == sorted(
        vector["id"] for vector in ran["stored"] if vector["id"] != "string"
    )
    assert {"id": "file", "score": 5, "metadata": {"kind": "y"}} in others
    text = "invalid query vector, expected 32 dimensions, and got 1 dimensions"
    assert ran["wrongDimensions"] == ["BadRequestError", 400, 40006, text]


def test_listing(ran: dict[str, Any]) -> None:
    page, rest = ran["page"], ran["rest"]
    total = len(ran["stored"])
    assert (page["count"], page["totalCount"], page["isTruncated"]) == (2, total, True)
    assert (rest["count"], rest["isTruncated"]) == (total - 2, False)
    assert (rest["nextCursor"], rest["cursorExpirationTimestamp"]) == (None, None)
    ids = [vector["id"] for vector in page["vectors"] + rest["vectors"]]
    assert sorted(ids) == sorted(vector["id"] for vector in ran["stored"])
