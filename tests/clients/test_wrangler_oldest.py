"""What `wrangler vectorize` 3.71.0, the first version for V2 indexes, does otherwise than 4.86.0.

Cloudflare itself refuses what is refused here: github.com/cloudflare/workers-sdk issue 6516. The
first version whose JSON says that it is JSON is 3.72.3.
"""

from __future__ import annotations

import json

import httpx2
import pytest

from tests.clients.conftest import Client
from tests.clients.programs import Wrangler
from tests.support.server import Server

_NAME = "wrangler-oldest"

WITHOUT_CONTENT_TYPE = {
    "create-metadata-index": ["--property-name=n", "--type=number"],
    "delete-metadata-index": ["--property-name=kind"],
    "get-vectors": ["--ids", "x"],
    "delete-vectors": ["--ids", "x"],
}
"""Commands whose JSON body goes out as text/plain, with arguments."""


@pytest.fixture(scope="module")
def wrangler(
    npm_client: Client,
    server: Server,
    http: httpx2.Client,
    tmp_path_factory: pytest.TempPathFactory,
) -> Wrangler:
    """On a server where the index `_NAME` has two vectors and a metadata index."""
    config = {"dimensions": 32, "metric": "euclidean"}
    kind = {"propertyName": "kind", "indexType": "string"}
    vectors = [{"id": id_, "values": [1] * 32, "metadata": {"kind": id_}} for id_ in ("x", "y")]
    body = "\n".join(map(json.dumps, vectors))
    http.post("/indexes", json={"name": _NAME, "config": config}).raise_for_status()
    http.post(f"/indexes/{_NAME}/metadata_index/create", json=kind).raise_for_status()
    http.post(f"/indexes/{_NAME}/upsert", content=body).raise_for_status()
    folder = tmp_path_factory.mktemp("wrangler-oldest")
    return Wrangler(npm_client("wrangler-3.71.0"), server, folder)


@pytest.mark.parametrize("command", WITHOUT_CONTENT_TYPE)
def test_json_without_its_content_type_is_refused(wrangler: Wrangler, command: str) -> None:
    said = wrangler(command, _NAME, *WITHOUT_CONTENT_TYPE[command], fails=True)
    assert "Expected request with `Content-Type: application/json` [code: 40026]" in said


def test_metadata_indexes_are_listed_by_post(wrangler: Wrangler) -> None:
    said = wrangler("list-metadata-index", _NAME, fails=True)
    assert "[code: 10405]" in said


def test_there_is_no_command_to_list_vectors(wrangler: Wrangler) -> None:
    assert "Unknown argument" in wrangler("list-vectors", _NAME, fails=True)


def test_there_is_no_query_by_id(wrangler: Wrangler) -> None:
    said = wrangler("query", _NAME, "--vector-id=x", fails=True)
    assert "Missing required argument: vector" in said


def test_create_prints_what_it_sent(wrangler: Wrangler) -> None:
    preset = "@cf/baai/bge-small-en-v1.5"
    printed = wrangler.json("create", f"{_NAME}-preset", f"--preset={preset}", "--json")
    assert printed == {"name": f"{_NAME}-preset", "config": {"preset": preset}}


def test_only_equality_gets_into_a_filter(wrangler: Wrangler) -> None:
    query = ["query", _NAME, "--vector", *["1"] * 32]
    match = {"id": "y", "score": 0}
    answer = wrangler.json(*query, '--filter={"kind":{"$ne":"x"}}')
    assert answer == {"count": 1, "matches": [match]}
    said = wrangler(*query, '--filter={"kind":{"$gt":"x"}}')
    assert "Could not parse the provided query filter" in said
    assert '"count": 2' in said
