"""One body, two targets: what must hold here and at Cloudflare alike.

Against a real account it needs VECINITY_TEST_CLOUDFLARE_ACCOUNT and VECINITY_TEST_CLOUDFLARE_TOKEN
(a token that may edit Vectorize). It makes one index there, named `vecinity-verified-...`, and
deletes it.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import pytest

from tests.contract.api import UPSTREAM, Index, create, ndjson, padded, refused, result, vector

_CLOUDFLARE = "https://api.cloudflare.com/client/v4/accounts/{}/vectorize/v2"
_SECONDS = 300


@dataclass(frozen=True)
class Target(Index):
    """An index, and how to wait for a write to be visible there."""

    def processed(self, mutation: str) -> None:
        deadline = time.monotonic() + _SECONDS
        while self.info()["processedUpToMutation"] != mutation:
            assert time.monotonic() < deadline, f"{mutation} was not processed"
            time.sleep(1)


@pytest.fixture(scope="module", params=["vecinity", "cloudflare"])
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """A fresh index with a metadata index and three vectors, on both targets."""
    here = request.param == "vecinity"
    http = request.getfixturevalue("http") if here else _cloudflare()
    made = create(http, f"vecinity-verified-{uuid.uuid4().hex[:12]}")
    try:
        index = Target(http, made.name)
        creation = {"propertyName": "kind", "indexType": "string"}
        index.processed(result(index.post("metadata_index/create", creation))["mutationId"])
        vectors = [
            vector("a", 1.0, 0.5, metadata={"kind": "x", "n": 1}),
            vector("b", 1.0, 2.0, metadata={"kind": "y"}, namespace="other"),
            vector("c", 58.8, -3.0),
        ]
        index.processed(index.write("insert", *vectors))
        yield index
    finally:
        http.delete(f"/indexes/{made.name}")


def _cloudflare() -> httpx2.Client:
    account = os.environ.get("VECINITY_TEST_CLOUDFLARE_ACCOUNT")
    token = os.environ.get("VECINITY_TEST_CLOUDFLARE_TOKEN")
    if not account or not token:
        pytest.skip("no Cloudflare account: set VECINITY_TEST_CLOUDFLARE_ACCOUNT and _TOKEN")
    headers = {"authorization": f"Bearer {token}"}
    return httpx2.Client(base_url=_CLOUDFLARE.format(account), headers=headers, timeout=60)


def test_info_counts_what_was_processed(target: Target) -> None:
    info = target.info()
    assert (info["dimensions"], info["vectorCount"]) == (32, 3)


def test_values_are_float32_widened(target: Target) -> None:
    [found] = target.vectors("c", "never-written")
    assert found["id"] == "c"
    assert found["values"][:2] == [58.79999923706055, -3]


def test_a_query_orders_by_cosine(target: Target) -> None:
    matches = target.matches(vector=padded(1.0, 1.0), returnValues=True)
    assert {match["id"] for match in matches[:2]} == {"a", "b"}
    scores = {match["id"]: match["score"] for match in matches}
    expected = {"a": 0.9486833, "b": 0.9486833, "c": 0.6701558}
    assert scores == pytest.approx(expected, abs=1e-4)


def test_a_filter_and_a_namespace(target: Target) -> None:
    assert target.found({"kind": "x"}) == {"a"}
    assert target.found({"kind": {"$in": ["x", "y"]}}) == {"a", "b"}
    assert target.found({"kind": "x"}, namespace="other") == set()
    assert {match["id"] for match in target.matches(namespace="other")} == {"b"}


def test_metadata_all_and_indexed(target: Target) -> None:
    [match] = target.matches(filter={"kind": "x"}, returnMetadata="all")
    assert match["metadata"] == {"kind": "x", "n": 1}
    [match] = target.matches(filter={"kind": "x"}, returnMetadata="indexed")
    assert match["metadata"] == {"kind": "x"}


def test_insert_keeps_the_first_and_upsert_the_last(target: Target) -> None:
    target.processed(target.write("insert", vector("twice", 1.0)))
    target.processed(target.write("insert", vector("twice", 2.0)))
    assert target.vectors("twice")[0]["values"][0] == 1
    target.processed(target.write("upsert", vector("twice", 3.0)))
    assert target.vectors("twice")[0]["values"][0] == 3
    target.processed(target.delete("twice", "never-written"))
    assert target.vectors("twice") == []


def test_a_metadata_index_can_be_made_again_but_not_deleted_twice(target: Target) -> None:
    body = {"propertyName": "kind", "indexType": "string"}
    target.processed(result(target.post("metadata_index/create", body))["mutationId"])
    listed = result(target.get("metadata_index/list"))["metadataIndexes"]
    assert listed == [body]
    answer = target.post("metadata_index/delete", {"propertyName": "never-made"}).json()
    assert [error["code"] for error in answer["errors"]] == [40005]


def test_a_duplicate_name(target: Target) -> None:
    config = {"dimensions": 32, "metric": "cosine"}
    answer = target.http.post("/indexes", json={"name": target.name, "config": config})
    text = f'vectorize.index.duplicate_name - Index name "{target.name}"'
    refused(answer, 400, 3002, text)


def test_dimensions_of_a_query(target: Target) -> None:
    answer = target.post("query", {"vector": [1.0, 2.0, 3.0]})
    refused(
        answer, 400, 40006, "invalid query vector, expected 32 dimensions, and got 3 dimensions"
    )


def test_dimensions_of_a_vector(target: Target) -> None:
    answer = target.send("upsert", ndjson({"id": "short", "values": [1.0]}))
    text = 'invalid vector for id="short", expected 32 dimensions, and got 1 dimensions'
    refused(answer, 400, 40012, UPSTREAM + text)


def test_too_many_ids(target: Target) -> None:
    answer = target.post("get_by_ids", {"ids": [str(number) for number in range(21)]})
    refused(answer, 400, 40007, "too many ids in payload; max id count is 20, got 21")


def test_top_k_with_metadata(target: Target) -> None:
    query = {"vector": padded(1.0), "topK": 51, "returnMetadata": "all"}
    text = (
        "with returnValues=true or returnMetadata=all, max top K is 50, but got 51; for a top K up "
        "to 100, retry with returnValues=false and returnMetadata=indexed"
    )
    refused(target.post("query", query), 400, 40025, text)


def test_a_boolean_return_metadata(target: Target) -> None:
    answer = target.post("query", {"vector": padded(1.0), "returnMetadata": False}).json()
    assert [error["code"] for error in answer["errors"]] == [40026]


def test_an_unknown_index(target: Target) -> None:
    answer = target.http.get("/indexes/vecinity-never-made").json()
    [error] = answer["errors"]
    text = 'vectorize.index.not_found - Index name "vecinity-never-made"'
    assert (error["code"], error["message"]) == (3000, text)
