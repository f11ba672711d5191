"""Every `wrangler vectorize` command of 4.86.0, the last version for Node 20.

3.71.0, the first for V2 indexes, runs the tests of what it has in common; where it differs is in
test_wrangler_oldest.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx2
import pytest

from tests.clients.conftest import Client
from tests.clients.programs import UUID, Wrangler
from tests.support.server import Server

_VECTORS = [
    {
        "id": f"v{n:02}",
        "values": [n + 0.5] + [1.0] * 31,
        "namespace": f"n{n % 2}",
        "metadata": {"kind": f"k{n % 3}", "n": n},
    }
    for n in range(30)
]
_IDS = [str(vector["id"]) for vector in _VECTORS]
_CHANGE = f"Mutation changeset identifier: ({UUID})"


only_4_86 = pytest.mark.parametrize("wrangler", ["4.86.0"], indirect=True)
"""For what 3.71.0 lacks, or does otherwise."""


@pytest.fixture(scope="module", params=["4.86.0", "3.71.0"])
def wrangler(
    request: pytest.FixtureRequest,
    npm_client: Client,
    server: Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Wrangler:
    folder = tmp_path_factory.mktemp("wrangler")
    (folder / "vectors.ndjson").write_text("\n".join(map(json.dumps, _VECTORS)))
    return Wrangler(npm_client(f"wrangler-{request.param}"), server, folder)


@pytest.fixture(scope="module")
def slug(wrangler: Wrangler) -> str:
    """wrangler's version as a part of an index's name."""
    return wrangler.version.replace(".", "-")


@pytest.fixture(scope="module")
def filled(wrangler: Wrangler, slug: str, http: httpx2.Client) -> str:
    """The name of an index with a metadata index, then `_VECTORS`."""
    name = f"wrangler-filled-{slug}"
    said = wrangler("create", name, "--dimensions=32", "--metric=euclidean")
    assert f"Successfully created a new Vectorize index: '{name}'" in said
    config = _result(http, name)["config"]
    assert config == {"dimensions": 32, "metric": "euclidean"}

    kind = {"propertyName": "kind", "indexType": "string"}
    http.post(f"/indexes/{name}/metadata_index/create", json=kind).raise_for_status()

    said = wrangler("insert", name, "--file=vectors.ndjson", "--batch-size=20")
    batches = re.findall(
        f"Enqueued (..) vectors into index '{name}' for insertion. {_CHANGE}", said
    )
    assert [batch[0] for batch in batches] == ["20", "10"]
    assert f"Successfully enqueued 30 vectors into index '{name}' for insertion" in said
    info = _result(http, f"{name}/info")
    assert (info["vectorCount"], info["processedUpToMutation"]) == (30, batches[1][1])
    return name


def _result(http: httpx2.Client, path: str) -> dict[str, object]:
    """What the server itself says."""
    result: dict[str, object] = http.get(f"/indexes/{path}").json()["result"]
    return result


def _row(*cells: object) -> str:
    """A pattern for a table's row that starts with these cells."""
    return "".join(f"│ {re.escape(str(cell))} +" for cell in cells) + "│"


def test_a_preset_index_from_create_to_delete(
    wrangler: Wrangler, slug: str, http: httpx2.Client
) -> None:
    name = f"wrangler-preset-{slug}"
    preset = "--preset=@cf/baai/bge-base-en-v1.5"
    printed = wrangler.json("create", name, preset, "--description=a b", "--json")
    made = _result(http, name)
    assert wrangler.version == "3.71.0" or printed == made
    assert (made["name"], made["description"]) == (name, "a b")
    assert made["config"] == {"dimensions": 768, "metric": "cosine"}
    assert wrangler.json("get", name, "--json") == made
    assert made in wrangler.json("list", "--json")
    dates = made["created_on"], made["modified_on"]
    row = _row(name, 768, "cosine", "a b", *dates)
    assert re.search(row, wrangler("get", name))
    assert re.search(row, wrangler("list"))
    assert f"Deleted index {name}" in wrangler("delete", name, "-y")
    assert http.get(f"/indexes/{name}").status_code == 410


def test_an_error_is_printed_with_its_code(wrangler: Wrangler, filled: str) -> None:
    said = wrangler("info", "never-made", fails=True)
    assert 'vectorize.index.not_found - Index name "never-made" [code: 3000]' in said
    said = wrangler("create", filled, "--dimensions=32", "--metric=cosine", fails=True)
    assert f'vectorize.index.duplicate_name - Index name "{filled}" [code: 3002]' in said
    said = wrangler("query", filled, "--vector", "1", "2", fails=True)
    assert "expected 32 dimensions, and got 2 dimensions [code: 40006]" in said


def test_info(wrangler: Wrangler, filled: str, http: httpx2.Client) -> None:
    info = _result(http, f"{filled}/info")
    assert wrangler.json("info", filled, "--json") == info
    processed = info["processedUpToMutation"], info["processedUpToDatetime"]
    assert re.search(_row(32, 30, *processed), wrangler("info", filled))


@only_4_86
def test_list_vectors_over_pages(wrangler: Wrangler, filled: str) -> None:
    first = wrangler("list-vectors", filled, "--count=20")
    assert re.findall(r"│ \d+ +│ (\S+) +│", first) == _IDS[:20]
    assert "Showing 20 of 30 total vectors" in first
    command = re.search(rf"wrangler vectorize list-vectors {filled} (--cursor) (\S+)", first)
    assert command
    rest = wrangler.json("list-vectors", filled, *command.groups(), "--json")
    assert rest["vectors"] == [{"id": vector_id} for vector_id in _IDS[20:]]
    assert (rest["count"], rest["totalCount"], rest["isTruncated"]) == (10, 30, False)


def test_query_by_vector(wrangler: Wrangler, filled: str) -> None:
    values = ["5", *["1"] * 31]
    answer = wrangler.json("query", filled, "--vector", *values, "--top-k=3", "--namespace=n0")
    assert answer == {
        "count": 3,
        "matches": [
            {"id": "v04", "score": 0.5, "namespace": "n0"},
            {"id": "v06", "score": 1.5, "namespace": "n0"},
            {"id": "v02", "score": 2.5, "namespace": "n0"},
        ],
    }


@only_4_86
# `$gte` is not tried: wrangler's own check misspells it and drops that part of a filter.
@pytest.mark.parametrize("condition", ['"k1"', '{"$gt":"k0","$lt":"k2"}', '{"$nin":["k0","k2"]}'])
def test_query_by_id_with_a_filter(wrangler: Wrangler, filled: str, condition: str) -> None:
    answer = wrangler.json(
        *("query", filled, "--vector-id=v01", f'--filter={{"kind":{condition}}}', "--top-k=2"),
        *("--return-metadata=all", "--return-values"),
    )
    assert answer == {
        "count": 2,
        "matches": [{**_VECTORS[1], "score": 0}, {**_VECTORS[4], "score": 3}],
    }


def test_query_that_finds_nothing(wrangler: Wrangler, filled: str) -> None:
    said = wrangler("query", filled, "--vector", *["1"] * 32, "--namespace=none")
    assert "Could not find any relevant vectors" in said


@only_4_86
def test_get_vectors(wrangler: Wrangler, filled: str) -> None:
    found = wrangler.json("get-vectors", filled, "--ids", "v07", "nobody", "v03")
    assert found == [_VECTORS[7], _VECTORS[3]]
    said = wrangler("get-vectors", filled, "--ids", "nobody")
    assert "does not contain vectors corresponding to the provided identifiers" in said


def test_upsert(wrangler: Wrangler, slug: str, http: httpx2.Client) -> None:
    name = f"wrangler-upserted-{slug}"
    wrangler("create", name, "--dimensions=32", "--metric=cosine")
    wrangler("insert", name, "--file=vectors.ndjson")
    (wrangler.folder / "more.ndjson").write_text(
        "\n".join(json.dumps({"id": new, "values": [2.0] * 32}) for new in ("v00", "new"))
    )
    said = wrangler("upsert", name, "--file=more.ndjson")
    assert re.search(f"Enqueued 2 vectors into index '{name}' for upsertion. {_CHANGE}", said)
    assert f"Successfully enqueued 2 vectors into index '{name}' for upsertion" in said
    stored = http.post(f"/indexes/{name}/get_by_ids", json={"ids": ["v00", "new"]}).json()["result"]
    assert stored == [{"id": new, "values": [2.0] * 32} for new in ("v00", "new")]
    assert _result(http, f"{name}/info")["vectorCount"] == 31


@only_4_86
def test_delete_vectors(wrangler: Wrangler, http: httpx2.Client) -> None:
    name = "wrangler-deleted"
    wrangler("create", name, "--dimensions=32", "--metric=cosine")
    wrangler("insert", name, "--file=vectors.ndjson")
    said = wrangler("delete-vectors", name, "--ids", "v00", "v29", "nobody")
    done = re.search(f"enqueued 3 vectors into index '{name}' for deletion. {_CHANGE}", said)
    assert done
    info = _result(http, f"{name}/info")
    assert (info["vectorCount"], info["processedUpToMutation"]) == (28, done[1])
    listed = http.get(f"/indexes/{name}/list").json()["result"]["vectors"]
    assert sorted(vector["id"] for vector in listed) == _IDS[1:29]


@only_4_86
def test_metadata_indexes(wrangler: Wrangler, http: httpx2.Client) -> None:
    name = "wrangler-metadata"
    wrangler("create", name, "--dimensions=32", "--metric=cosine")
    said = wrangler("create-metadata-index", name, "--propertyName=n", "--type=number")
    assert re.search(f"Successfully enqueued metadata index creation request. {_CHANGE}", said)
    listed = [{"propertyName": "n", "indexType": "number"}]
    assert wrangler.json("list-metadata-index", name, "--json") == listed
    assert re.search(_row("n", "number"), wrangler("list-metadata-index", name))
    said = wrangler("delete-metadata-index", name, "--propertyName=n")
    assert re.search(f"Successfully enqueued metadata index deletion request. {_CHANGE}", said)
    assert _result(http, f"{name}/metadata_index/list") == {"metadataIndexes": []}
    said = wrangler("list-metadata-index", name)
    assert "You haven't created any metadata indexes" in said


@pytest.fixture(scope="module")
def legacy(
    npm_client: Client, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Wrangler, httpx2.Client]]:
    """Wrangler and the V1 routes of a server that creates V1 indexes."""
    modules, folder = npm_client("wrangler-4.86.0"), tmp_path_factory.mktemp("wrangler-v1")
    (folder / "vectors.ndjson").write_text("\n".join(map(json.dumps, _VECTORS)))
    with Server(folder / "data", "--legacy-v1") as server, server.client(api="vectorize") as http:
        yield Wrangler(modules, server, folder), http


def test_a_v1_index_from_create_to_delete(legacy: tuple[Wrangler, httpx2.Client]) -> None:
    wrangler, http = legacy
    name, v1 = "wrangler-v1", "--deprecated-v1"
    shape = "--dimensions=32", "--metric=euclidean", "--description=a b"
    said = wrangler("create", name, *shape, v1)
    assert f"Successfully created a new Vectorize index: '{name}'" in said
    made = _result(http, name)
    assert made["config"] == {"dimensions": 32, "metric": "euclidean"}
    assert wrangler.json("get", name, "--json", v1) == made
    assert wrangler.json("list", "--json", v1) == [made]
    assert wrangler.json("list", "--json") == []
    row = _row(name, 32, "euclidean", "a b", made["created_on"], made["modified_on"])
    assert re.search(row, wrangler("get", name, v1))

    said = wrangler("insert", name, "--file=vectors.ndjson", "--batch-size=20", v1)
    assert f"Successfully inserted 30 vectors into index '{name}'" in said
    assert wrangler.json("insert", name, "--file=vectors.ndjson", "--json", v1)["count"] == 0
    found = http.post(f"/indexes/{name}/get-by-ids", json={"ids": ["v07"]}).json()["result"]
    assert found == [_VECTORS[7]]

    for arguments in (("get", name), ("info", name), ("insert", name, "--file=vectors.ndjson")):
        said = wrangler(*arguments, fails=True)
        assert "vectorize.incorrect_api_version [code: 3004]" in said
    assert f"Deleted index {name}" in wrangler("delete", name, "-y", v1)
    assert http.get(f"/indexes/{name}").status_code == 410


def test_v1_creation_that_is_refused(wrangler: Wrangler, http: httpx2.Client) -> None:
    shape = "--dimensions=32", "--metric=cosine"
    said = wrangler("create", "never-v1", *shape, "--deprecated-v1", fails=True)
    assert "vectorize.not_entitled [code: 1005]" in said
    assert http.get("/indexes/never-v1").status_code == 404
