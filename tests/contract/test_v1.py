"""V1 indexes: the setting that creates them, their life, their description."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import httpx2
import pytest

from tests.contract.api import (
    DIMENSIONS,
    create,
    details,
    messages,
    refused,
    result,
    vector,
    watched,
)
from tests.contract.legacy import ROUTES, LegacyIndex, create_v1
from tests.support.server import ACCOUNT, Server

_CONFIG = {"dimensions": DIMENSIONS, "metric": "cosine"}


@pytest.mark.parametrize(
    ("flags", "created"),
    [
        ((), False),
        (("--legacy-v1",), True),
        (("--no-legacy-v1",), False),
        (("--profile", "open"), True),
        (("--profile", "open", "--no-legacy-v1"), False),
        (("--profile", "cloudflare", "--legacy-v1"), True),
    ],
)
def test_creation_is_a_setting(tmp_path: Path, flags: tuple[str, ...], created: bool) -> None:
    with Server(tmp_path, *flags) as server, watched(server, api="vectorize") as v1:
        response = v1.post("/indexes", json={"name": "old", "config": _CONFIG})
        if created:
            assert result(response) == result(v1.get("/indexes/old"))
        else:
            refused(response, 403, 1005, "vectorize.not_entitled")
            assert "--legacy-v1" in details(response)[0]
            assert result(v1.get("/indexes")) == []


def test_what_exists_keeps_working_where_none_are_created(tmp_path: Path) -> None:
    with Server(tmp_path, "--legacy-v1") as server, watched(server, api="vectorize") as v1:
        index = create_v1(v1, "old")
        index.written("insert", vector("a"), vector("b", 0.0, 1.0))
        before = result(v1.put("/indexes/old", json={"description": "kept"}))
        server.kill()
    with Server(tmp_path) as server, watched(server, api="vectorize") as v1:
        refused(
            v1.post("/indexes", json={"name": "new", "config": _CONFIG}),
            *(403, 1005, "vectorize.not_entitled"),
        )
        index = LegacyIndex(v1, "old")
        assert result(v1.get("/indexes/old")) == before
        assert result(v1.get("/indexes")) == [before]
        assert before["description"] == "kept"
        assert [match["id"] for match in index.matches()] == ["a", "b"]
        assert index.written("upsert", vector("c")) == ["c"]
        assert index.removed("a") == ["a"]
        assert result(v1.delete("/indexes/old")) is None
    with Server(tmp_path) as server, watched(server, api="vectorize") as v1:
        refused(
            v1.get("/indexes/old"),
            *(410, 3005, 'vectorize.index.deleted - Index name "old" was deleted'),
        )


def test_create_answers_as_v2_does(v1: httpx2.Client, index_name: str) -> None:
    body = {"name": index_name, "description": "what for", "config": {"preset": _PRESET}}
    created = result(v1.post("/indexes", json=body))
    assert created.keys() == {"name", "description", "config", "created_on", "modified_on"}
    assert created["config"] == {"dimensions": 768, "metric": "cosine"}
    assert created in result(v1.get("/indexes"))


_PRESET = "@cf/baai/bge-base-en-v1.5"


def test_bad_creations(v1: httpx2.Client, index_name: str) -> None:
    text = "vectorize.index.invalid_config - Config must be provided"
    refused(v1.post("/indexes", json={"name": index_name}), 400, 3001, text)
    config = {"dimensions": 31, "metric": "cosine"}
    text = "vectorize.index.invalid_config - Dimensions must be in range: [32, 1536]"
    refused(v1.post("/indexes", json={"name": index_name, "config": config}), 400, 3001, text)
    body = {"name": index_name, "config": {**_CONFIG, "shape": 1}, "colour": 1}
    noted = ['unknown field "colour"', 'unknown field "shape"']
    assert messages(v1.post("/indexes", json=body)) == noted


@pytest.mark.parametrize("given", ["new", "", None, "ä" * 1024])
def test_the_description_can_change(v1_index: LegacyIndex, given: str | None) -> None:
    http, path = v1_index.http, f"/indexes/{v1_index.name}"
    v1_index.written("insert", vector("a"))
    before = result(http.get(path))
    changed = result(http.put(path, json={"description": given}))
    assert changed == result(http.get(path))
    assert changed == {**before, "description": given, "modified_on": changed["modified_on"]}
    times = [datetime.fromisoformat(each["modified_on"]) for each in (before, changed)]
    assert times[0] <= times[1]
    assert v1_index.written("insert", vector("a"), vector("b")) == ["b"]
    assert result(http.delete(path)) is None


def test_bad_descriptions_change_nothing(v1_index: LegacyIndex) -> None:
    http, path = v1_index.http, f"/indexes/{v1_index.name}"
    before = result(http.get(path))
    unreadable = "Failed to parse the request body as JSON: "
    for body, code, text in [
        ({}, 40026, unreadable + "object missing required field description"),
        ({"description": 1}, 40026, unreadable + "description: expected str | null, got int"),
        (
            {"description": "x" * 1025},
            3001,
            "vectorize.index.invalid_config - Description must not exceed 1024 characters, "
            "got 1025",
        ),
    ]:
        refused(http.put(path, json=body), 400, code, text)
    assert result(http.get(path)) == before
    response = http.put(path, json={"description": "x", "name": "other"})
    assert messages(response) == ['unknown field "name"']
    assert result(response)["name"] == v1_index.name


def test_no_endpoints_that_came_with_v2(v1_index: LegacyIndex) -> None:
    http = v1_index.http
    for method, operation in [
        ("GET", "info"),
        ("GET", "list"),
        ("POST", "get_by_ids"),
        ("POST", "delete_by_ids"),
        ("POST", "metadata_index/create"),
        ("GET", "metadata_index/list"),
        ("POST", "metadata_index/delete"),
    ]:
        response = http.request(method, f"/indexes/{v1_index.name}/{operation}", json={})
        path = f"/client/v4/accounts/{ACCOUNT}/vectorize/indexes/{v1_index.name}/{operation}"
        text = f"Could not route to {path}, perhaps your object identifier is invalid?"
        refused(response, 404, 7003, text)


@pytest.mark.parametrize("path", sorted({path for _, path in ROUTES}))
def test_wrong_methods(v1: httpx2.Client, path: str) -> None:
    allowed = {method for method, known in ROUTES if known == path}
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - allowed:
        response = v1.request(method, path.format("a"))
        refused(response, 405, 10405, "Method not allowed")


@pytest.mark.parametrize(("method", "path"), ROUTES[2:])
def test_unknown_and_deleted_indexes(
    v1: httpx2.Client, index_name: str, method: str, path: str
) -> None:
    path = path.format(index_name)
    text = f'vectorize.index.not_found - Index name "{index_name}"'
    refused(v1.request(method, path, json={}), 404, 3000, text)
    create_v1(v1, index_name)
    assert result(v1.delete(f"/indexes/{index_name}")) is None
    text = f'vectorize.index.deleted - Index name "{index_name}" was deleted'
    refused(v1.request(method, path, json={}), 410, 3005, text)
    create(v1, index_name)
    assert result(v1.get(f"/indexes/{index_name}"))["description"] is None


def test_a_token_is_needed(legacy_server: Server) -> None:
    with legacy_server.client(token=None, api="vectorize") as nobody:
        for method, path in ROUTES:
            response = nobody.request(method, path.format("a"), json={})
            refused(response, 401, 10000, "Authentication error")


def test_strict_refuses_unknown_names(tmp_path: Path) -> None:
    flags = ("--legacy-v1", "--strict")
    with Server(tmp_path, *flags) as server, watched(server, api="vectorize") as v1:
        index = create_v1(v1, "strict")
        text = 'Failed to parse the request body as JSON: unknown field "name"'
        body = {"description": "x", "name": "y"}
        refused(v1.put("/indexes/strict", json=body), 400, 40026, text)
        for path in ("", "/strict"):
            response = v1.get(f"/indexes{path}", params={"colour": "1"})
            refused(response, 400, 40031, 'invalid parameter: unknown parameter "colour"')
        response = index.post("query", {"vector": [1.0] * DIMENSIONS, "compat": {}})
        text = 'Failed to parse the request body as JSON: unknown field "compat"'
        refused(response, 400, 40026, text)
