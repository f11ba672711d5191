"""The limits of V1 indexes, which are lower; the open profile lifts most of them."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from tests.contract.api import UPSTREAM, ndjson, padded, refused, result, vector, watched
from tests.contract.legacy import LegacyIndex, create_v1
from tests.support.server import Server

_CONFIG = {"dimensions": 32, "metric": "cosine"}


def test_index_names(tmp_path: Path) -> None:
    for flags in (("--legacy-v1",), ("--profile", "open")):
        server = Server(tmp_path / flags[0], *flags)
        with server, watched(server, api="vectorize") as v1:
            create_v1(v1, "x" * 63)
            response = v1.post("/indexes", json={"name": "x" * 64, "config": _CONFIG})
            text = "Index name must not exceed 63 bytes, got 64"
            refused(response, 400, 3003, f"vectorize.index.invalid_name - {text}")


def test_namespaces(v1_index: LegacyIndex) -> None:
    assert v1_index.written("insert", vector("a", namespace="n" * 63)) == ["a"]
    text = "namespace too long; max is 63 bytes, got 64 bytes"
    long = "n" * 64
    response = v1_index.send("insert", ndjson(vector("b", namespace=long)))
    refused(response, 400, 40009, UPSTREAM + text)
    response = v1_index.post("query", {"vector": padded(1.0), "namespace": long})
    refused(response, 400, 40009, text)
    assert len(v1_index.matches(namespace="n" * 63)) == 1


def test_batches(v1_index: LegacyIndex) -> None:
    vectors = [vector(str(n)) for n in range(1_001)]
    text = "too many vectors in payload; max vector count is 1000, got 1001"
    for operation in ("insert", "upsert"):
        refused(v1_index.send(operation, ndjson(*vectors)), 400, 40024, UPSTREAM + text)
        refused(v1_index.post(operation, {"vectors": vectors}), 400, 40024, UPSTREAM + text)
    assert len(v1_index.written("insert", *vectors[:1_000])) == 1_000


@pytest.mark.parametrize(
    "wanted", [{}, {"returnValues": True}, {"returnMetadata": True}, {"returnVectors": True}]
)
def test_top_k(v1_index: LegacyIndex, wanted: dict[str, bool]) -> None:
    v1_index.written("insert", *(vector(str(n)) for n in range(21)))
    assert len(v1_index.matches(topK=20, **wanted)) == 20
    assert len(v1_index.matches(**wanted)) == 5
    response = v1_index.post("query", {"vector": padded(1.0), "topK": 21, **wanted})
    refused(response, 400, 40025, "max top K is 20, but got 21")


def test_ids(v1_index: LegacyIndex) -> None:
    ids = [str(n) for n in range(101)]
    text = "too many ids in payload; max id count is {}, got {}"
    response = v1_index.post("get-by-ids", {"ids": ids[:21]})
    refused(response, 400, 40007, text.format(20, 21))
    response = v1_index.post("delete-by-ids", {"ids": ids})
    refused(response, 400, 40007, text.format(100, 101))
    assert v1_index.removed(*ids[:100]) == []


def test_the_open_profile_lifts_them(tmp_path: Path) -> None:
    with Server(tmp_path, "--profile", "open") as server, watched(server, api="vectorize") as v1:
        config = {"dimensions": 2, "metric": "euclidean"}
        result(v1.post("/indexes", json={"name": "wide", "config": config}))
        index = LegacyIndex(v1, "wide")
        vectors = [{"id": str(n), "values": [n, 0], "namespace": "n" * 64} for n in range(1_500)]
        assert len(index.written("insert", *vectors)) == 1_500
        assert len(index.matches(vector=[0, 0], topK=1_200, returnValues=True)) == 1_200


def test_a_v2_index_beside_it_keeps_its_own(v2: httpx2.Client, index_name: str) -> None:
    name = index_name.ljust(64, "x")
    response = v2.post("/indexes", json={"name": name, "config": _CONFIG})
    assert result(response)["name"] == name
    vectors = [vector(str(n)) for n in range(1_001)]
    result(v2.post(f"/indexes/{name}/upsert", json={"vectors": vectors}))
    found = result(v2.post(f"/indexes/{name}/query", json={"vector": padded(1.0), "topK": 100}))
    assert found["count"] == 100
