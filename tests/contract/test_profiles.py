"""The open profile: no limits, filters that see older vectors, and whole strings."""

from __future__ import annotations

import httpx2
import pytest

from tests.contract.api import Index, create, padded, refused, result, vector
from tests.support.server import Server


@pytest.mark.parametrize("dimensions", [1, 5, 31, 1_537, 8_192])
def test_dimensions(open_http: httpx2.Client, index_name: str, dimensions: int) -> None:
    config = {"dimensions": dimensions, "metric": "cosine"}
    created = result(open_http.post("/indexes", json={"name": index_name, "config": config}))
    assert created["config"] == config
    index = Index(open_http, index_name)
    index.upsert({"id": "a", "values": [1.0] * dimensions})
    assert [match["id"] for match in index.matches(vector=[1.0] * dimensions)] == ["a"]


@pytest.mark.parametrize("dimensions", [0, 8_193])
def test_dimensions_out_of_range(
    open_http: httpx2.Client, index_name: str, dimensions: int
) -> None:
    config = {"dimensions": dimensions, "metric": "cosine"}
    response = open_http.post("/indexes", json={"name": index_name, "config": config})
    text = "vectorize.index.invalid_config - Dimensions must be in range: [1, 8192]"
    refused(response, 400, 3001, text)


def test_older_vectors_become_filterable(open_index: Index) -> None:
    open_index.upsert(vector("old", metadata={"k": "x"}), vector("bare"))
    open_index.make_filterable(k="string")
    assert open_index.found({"k": "x"}) == {"old"}
    assert open_index.found({"k": None}) == {"bare"}
    assert open_index.found({"k": {"$ne": "x"}}) == {"bare"}
    open_index.upsert(vector("new", metadata={"k": "x"}))
    assert open_index.found({"k": "x"}) == {"old", "new"}
    [old] = open_index.matches(vectorId="old", filter={"k": "x"}, topK=1, returnMetadata="indexed")
    assert old["metadata"] == {"k": "x"}


def test_a_property_without_a_metadata_index_still_matches_nothing(open_index: Index) -> None:
    open_index.upsert(vector("a", metadata={"k": "x"}))
    assert open_index.found({"k": "x"}) == set()


def test_strings_are_compared_and_returned_whole(open_index: Index) -> None:
    open_index.make_filterable(k="string")
    stem = "é" * 500
    open_index.upsert(
        vector("a", metadata={"k": stem + "a"}), vector("b", metadata={"k": stem + "b"})
    )
    assert open_index.found({"k": stem + "a"}) == {"a"}
    assert open_index.found({"k": {"$gt": stem + "a"}}) == {"b"}
    [match] = open_index.matches(filter={"k": stem + "b"}, returnMetadata="indexed")
    assert match["metadata"] == {"k": stem + "b"}


def test_limits_are_lifted(open_index: Index) -> None:
    names = [f"{n:05}" + "x" * 95 for n in range(5_001)]
    metadata = {"k": "x" * 20_000}
    open_index.write("insert", vector("big", metadata=metadata, namespace="n" * 1_000))
    result(open_index.post("upsert", [vector(name) for name in names]))
    assert open_index.info()["vectorCount"] == 5_002
    assert len(open_index.matches(topK=6_000, returnValues=True)) == 5_002
    assert len(open_index.vectors(*names[:1_000])) == 1_000
    open_index.delete(*names[:2_000])
    assert open_index.page(count=5_000)["count"] == 3_002
    for n in range(12):
        open_index.make_filterable(**{f"k{n}": "string"})
    assert open_index.found({"k1": {"$in": ["x" * 5_000]}}) == set()


def test_the_semantics_stay_with_an_index_whoever_serves_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    data = tmp_path_factory.mktemp("both") / "data"
    with Server(data, "--profile", "open") as server, server.client() as http:
        index = create(http, "made-open")
        index.upsert(vector("old", metadata={"k": "x" * 70}))
    with Server(data) as server, server.client() as http:
        index = Index(http, "made-open")
        index.make_filterable(k="string")
        assert index.found({"k": "x" * 70}) == {"old"}
        assert index.found({"k": "x" * 64}) == set()
        body = {"vector": padded(1.0), "topK": 101}
        refused(index.post("query", body), 400, 40025, "max top K is 100, but got 101")
