"""Cloudflare's page "Vectorize API": its code runs as it stands, on a five-dimensional index."""

from __future__ import annotations

import hashlib
import json
import math
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.clients.conftest import Client
from tests.clients.programs import UUID, Wrangler, is_mutation
from tests.clients.snippets import page
from tests.clients.snippets.worker import module
from tests.clients.tools import tool
from tests.clients.workers import project
from tests.clients.workers.release import Release
from tests.support.server import TOKEN, Server

_PAGE = Path(__file__).parents[3] / "shared" / "vectorize" / "seed.md"
_SHA256 = "6243221ccfa59831b8cd4fa3033cb0c0cf3cdca9844a98da035b4a15054966aa"
"""Of all pieces on the page, as it was copied."""

_INDEX = "your-index"
_NAMES = ["<index-name>", "[--count=<number>]", "[--cursor=<cursor-string>]"]
_STORED = {
    "123": [32.4, 6.5, 11.2, 10.3, 87.9],
    "456": [2.5, 7.8, 9.1, 76.9, 8.5],
    "768": [29.1, 5.7, 12.9, 15.4, 1.1],
}


@pytest.fixture(scope="module")
def release(node_22: Path, npm_client_22: Client) -> Release:
    """The latest wrangler, as the page advises."""
    version = "4.164.0"
    return Release(version, node_22, npm_client_22(f"wrangler-{version}"))


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server without Vectorize's own limits, as 5 dimensions are below them."""
    data = tmp_path_factory.mktemp("page") / "data"
    with Server(data, "--profile=open", "--token", TOKEN) as server:
        yield server


@pytest.fixture(scope="module")
def http(open_server: Server) -> Iterator[httpx2.Client]:
    with open_server.client() as client:
        config = {"dimensions": 5, "metric": "euclidean"}
        client.post("/indexes", json={"name": _INDEX, "config": config}).raise_for_status()
        yield client


@pytest.fixture(scope="module")
def outcomes(
    release: Release,
    open_server: Server,
    http: httpx2.Client,
    tmp_path_factory: pytest.TempPathFactory,
) -> list[Any]:
    """The values of each TypeScript piece's names, run in the page's order in one Worker."""
    folder = tmp_path_factory.mktemp("page-worker")
    pieces = [code for language, code in page.copies() if language == "ts"]
    (folder / "worker.ts").write_text(module(pieces))
    options = project.plugin_options(open_server)
    config = project.configuration("worker.ts", {"YOUR_INDEX": _INDEX}, options)
    (folder / "wrangler.json").write_text(json.dumps(config))
    with release.dev(folder) as program:
        answer: list[Any] = program.answer()
        return answer


@pytest.fixture(scope="module")
def wrangler(
    release: Release, open_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Wrangler:
    folder = tmp_path_factory.mktemp("page-commands")
    return Wrangler(release.modules, open_server, folder, release.node)


def test_the_copies_are_verbatim() -> None:
    copies = page.copies()
    assert hashlib.sha256(json.dumps(copies).encode()).hexdigest() == _SHA256
    if _PAGE.exists():
        assert copies == page.pieces(_PAGE.read_text())


def test_typescript(outcomes: list[Any], http: httpx2.Client) -> None:
    inserted, upserted, near, options, by_id, by_id_options, got, deleted, details, vector = (
        outcomes
    )
    assert is_mutation(inserted["inserted"])
    assert is_mutation(upserted["upserted"])
    matches = near["matches"]
    assert matches["count"] == 3
    assert [set(match) for match in matches["matches"]] == [{"id", "score"}] * 3
    scores = {match["id"]: match["score"] for match in matches["matches"]}
    distances = {name: math.dist(near["queryVector"], _STORED[name]) for name in _STORED}
    assert scores == pytest.approx(distances, rel=1e-5)
    assert list(scores) == sorted(distances, key=distances.__getitem__)
    with_values = options["matches"]["matches"]
    assert {match["id"]: match["values"] for match in with_values} == {
        name: pytest.approx(values, rel=1e-6) for name, values in _STORED.items()
    }
    assert by_id == by_id_options == {"matches": {"count": 0, "matches": []}}
    assert got == {"ids": ["11", "22", "33", "44"], "vectors": []}
    assert is_mutation(deleted["deleted"])
    assert (details["details"]["dimensions"], details["details"]["vectorCount"]) == (5, 3)
    assert details["details"]["processedUpToMutation"] == deleted["deleted"]["mutationId"]
    _check_example(vector["vectorExample"], http)


def _check_example(vector: dict[str, Any], http: httpx2.Client) -> None:
    """The page's example of a vector is one that can be stored."""
    body = json.dumps(vector)
    http.post(f"/indexes/{_INDEX}/upsert", content=body).raise_for_status()
    ids = {"ids": [vector["id"]]}
    [stored] = http.post(f"/indexes/{_INDEX}/get_by_ids", json=ids).json()["result"]
    assert stored["metadata"] == vector["metadata"]
    http.post(f"/indexes/{_INDEX}/delete_by_ids", json=ids).raise_for_status()


def _arguments(command: str, *values: str) -> list[str]:
    """The line's arguments after `wrangler vectorize`, with `values` for what it leaves open."""
    for name, value in zip(_NAMES, values, strict=False):
        command = command.replace(name, value)
    program, group, *arguments = shlex.split(command)
    assert (program, group) == ("wrangler", "vectorize")
    return arguments


def test_command_lines(outcomes: list[Any], wrangler: Wrangler, http: httpx2.Client) -> None:
    lines = [code for language, code in page.copies() if language == "sh"]
    list_vectors, create, delete, list_metadata, info = lines
    said = wrangler(*_arguments(list_vectors, _INDEX, "--count=2", ""))
    assert "Showing 2 of 3 total vectors" in said
    cursor = re.search(r"--cursor[ =](\S+)", said)
    assert cursor
    said = wrangler(*_arguments(list_vectors, _INDEX, "", f"--cursor={cursor[1]}"))
    assert re.findall(r"│ \d+ +│ (\d+) +│", said) == ["768"]

    change = f"Mutation changeset identifier: {UUID}"
    assert re.search(f"index creation request. {change}", wrangler(*_arguments(create, _INDEX)))
    made = http.get(f"/indexes/{_INDEX}/metadata_index/list").json()["result"]
    assert made == {"metadataIndexes": [{"propertyName": "some-prop", "indexType": "string"}]}
    assert "some-prop" in wrangler(*_arguments(list_metadata, _INDEX))
    assert re.search(f"index deletion request. {change}", wrangler(*_arguments(delete, _INDEX)))
    assert "You haven't created any" in wrangler(*_arguments(list_metadata, _INDEX))
    assert re.search(r"│ 5 +│ 3 +│", wrangler(*_arguments(info, _INDEX)))


@pytest.mark.parametrize("language", ["jsonc", "toml"])
def test_configuration(release: Release, language: str, tmp_path: Path) -> None:
    """wrangler takes it, and adds no doubt about the binding."""
    [config] = [code for end, code in page.copies() if end == language]
    (tmp_path / f"wrangler.{language}").write_text(config)
    (tmp_path / "worker.js").write_text("export default { fetch: () => new Response() };")
    options = ["--dry-run", "--name=page", "--compatibility-date=2026-01-01"]
    said = tool.run(release, tmp_path, "wrangler/bin/wrangler.js", "deploy", "worker.js", *options)
    assert re.search(r"env\.PROD_SEARCH \(production-doc-search\) +Vectorize Index", said)
    assert "WARNING" not in said
