"""Every `wrangler vectorize` command of 4.86.0, against a real server."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.clients.conftest import installed
from tests.clients.install import npm_client

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_INDEX = "wrangler"
_VECTORS = [
    {
        "id": f"v{n:02}",
        "values": [n + 0.5] + [1.0] * 31,
        "namespace": f"n{n % 2}",
        "metadata": {"kind": f"k{n % 3}", "n": n},
    }
    for n in range(30)
]


class Wrangler:
    """Runs `wrangler vectorize ...`."""

    def __init__(self, program: Path, environment: dict[str, str], folder: Path) -> None:
        self._program = program
        self._environment = environment
        self.folder = folder

    def __call__(self, *arguments: str, fails: bool = False) -> str:
        """What it printed, without colours; its status must be 0, or 1 if it `fails`."""
        command = ["node", str(self._program), "vectorize", *arguments]
        ran = subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        said = re.sub(r"\x1b\[[0-9;]*m", "", ran.stdout + ran.stderr)
        assert ran.returncode == (1 if fails else 0), said
        return said

    def json(self, *arguments: str) -> Any:
        """The JSON that it printed below its banner."""
        said = self(*arguments)
        return json.loads(said[re.search(r"^[\[{]", said, re.MULTILINE).start() :])  # type: ignore[union-attr] # it must be there


@pytest.fixture(scope="module")
def wrangler(
    environment: dict[str, str], in_ci: bool, tmp_path_factory: pytest.TempPathFactory
) -> Wrangler:
    modules = installed(npm_client, "wrangler-4.86.0", in_ci=in_ci) / "node_modules"
    folder = tmp_path_factory.mktemp("wrangler")
    (folder / "vectors.ndjson").write_text("\n".join(map(json.dumps, _VECTORS)))
    program = modules / "wrangler" / "bin" / "wrangler.js"
    return Wrangler(program, {**environment, "HOME": str(folder)}, folder)


@pytest.fixture(scope="module")
def filled(wrangler: Wrangler) -> Wrangler:
    """After create, create-metadata-index and insert in two batches."""
    made = wrangler("create", _INDEX, "--dimensions", "32", "--metric", "euclidean")
    assert f"Successfully created a new Vectorize index: '{_INDEX}'" in made
    said = wrangler("create-metadata-index", _INDEX, "--property-name=kind", "--type=string")
    assert re.search(f"Successfully enqueued metadata index.*{_UUID}", said)
    said = wrangler("insert", _INDEX, "--file", "vectors.ndjson", "--batch-size", "20")
    assert re.search(f"Enqueued 20 vectors into index '{_INDEX}' for insertion.*{_UUID}", said)
    assert re.search(f"Enqueued 10 vectors into index '{_INDEX}' for insertion.*{_UUID}", said)
    assert f"Successfully enqueued 30 vectors into index '{_INDEX}' for insertion" in said
    return wrangler


def test_create_from_a_preset_get_list_and_delete(wrangler: Wrangler) -> None:
    preset = "@cf/baai/bge-base-en-v1.5"
    made = wrangler.json("create", "preset", "--preset", preset, "--description", "d", "--json")
    assert made["config"] == {"dimensions": 768, "metric": "cosine"}
    assert (made["name"], made["description"]) == ("preset", "d")
    assert wrangler.json("get", "preset", "--json") == made
    assert made in wrangler.json("list", "--json")
    assert re.search("preset *│ 768 *│ cosine *│ d ", wrangler("list"))
    assert "Deleted index preset" in wrangler("delete", "preset", "-y")
    assert "[code: 3005]" in wrangler("get", "preset", fails=True)


def test_errors_are_shown_with_their_code(wrangler: Wrangler) -> None:
    said = wrangler("info", "never-made", fails=True)
    assert 'vectorize.index.not_found - Index name "never-made" [code: 3000]' in said


def test_info_and_metadata_indexes(filled: Wrangler) -> None:
    info = filled.json("info", _INDEX, "--json")
    assert (info["dimensions"], info["vectorCount"]) == (32, 30)
    assert re.fullmatch(_UUID, info["processedUpToMutation"])
    listed = filled.json("list-metadata-index", _INDEX, "--json")
    assert listed == [{"propertyName": "kind", "indexType": "string"}]


def test_list_vectors_over_pages(filled: Wrangler) -> None:
    first = filled("list-vectors", _INDEX, "--count", "20")
    assert "Showing 20 of 30 total vectors" in first
    cursor = re.search(r"--cursor (\S+)", first)
    assert cursor
    rest = filled.json("list-vectors", _INDEX, "--cursor", cursor[1], "--json")
    assert [vector["id"] for vector in rest["vectors"]] == [f"v{n}" for n in range(20, 30)]
    assert rest["isTruncated"] is False


def test_queries(filled: Wrangler) -> None:
    values = [str(value) for value in _VECTORS[4]["values"]]
    answer = filled.json("query", _INDEX, "--vector", *values, "--top-k", "3")
    assert [match["id"] for match in answer["matches"]] == ["v04", "v03", "v05"]
    assert [match["score"] for match in answer["matches"]] == [0, 1, 1]
    answer = filled.json(
        *("query", _INDEX, "--vector-id", "v04", "--namespace", "n0", "--filter", '{"kind":"k1"}'),
        *("--return-metadata", "all", "--return-values", "true"),
    )
    assert [match["id"] for match in answer["matches"]] == ["v04", "v10", "v16", "v22", "v28"]
    assert answer["matches"][0]["metadata"] == {"kind": "k1", "n": 4}
    assert answer["matches"][0]["values"] == _VECTORS[4]["values"]
    assert "Could not find" in filled("query", _INDEX, "--vector-id", "v04", "--namespace", "no")


def test_get_vectors(filled: Wrangler) -> None:
    assert filled.json("get-vectors", _INDEX, "--ids", "v07", "nobody", "v03") == [
        _VECTORS[7],
        _VECTORS[3],
    ]
    assert "does not contain vectors" in filled("get-vectors", _INDEX, "--ids", "nobody")


def test_upsert_and_delete_vectors(filled: Wrangler, http: httpx2.Client) -> None:
    (filled.folder / "more.ndjson").write_text(json.dumps({**_VECTORS[0], "id": "more"}))
    said = filled("upsert", _INDEX, "--file", "more.ndjson")
    assert f"Successfully enqueued 1 vectors into index '{_INDEX}' for upsertion" in said
    said = filled("delete-vectors", _INDEX, "--ids", "more", "nobody")
    mutation = re.search(_UUID, said)
    assert mutation
    info = http.get(f"/indexes/{_INDEX}/info").json()["result"]
    assert (info["vectorCount"], info["processedUpToMutation"]) == (30, mutation[0])


def test_delete_metadata_index(filled: Wrangler) -> None:
    filled("create-metadata-index", _INDEX, "--property-name=n", "--type=number")
    said = filled("delete-metadata-index", _INDEX, "--property-name=n")
    assert re.search(f"Successfully enqueued metadata index deletion.*{_UUID}", said)
    listed = filled.json("list-metadata-index", _INDEX, "--json")
    assert [index["propertyName"] for index in listed] == ["kind"]
