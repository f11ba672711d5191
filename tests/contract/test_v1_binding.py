"""The binding of V1 indexes, as workerd sends it: the index in the path, bare results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx2
import pytest

from tests.contract.api import create, ndjson, padded, vector, watched
from tests.contract.bound import NDJSON, answer, failed
from tests.contract.legacy import WRONG_VERSION
from tests.support.server import ACCOUNT, TOKEN, Server

_A = vector("a", 1.0, metadata={"k": "x"}, namespace="n")
_B = vector("b", 1.0, 1.0)
_OLD = {"queryMetadataOptional": False}
_NEW = {"queryMetadataOptional": True}
_OPERATIONS = ["query", "insert", "upsert", "getByIds", "deleteByIds"]


class Binding:
    """A V1 binding to one index."""

    def __init__(self, http: httpx2.Client, url: str, index: str) -> None:
        self.http = http
        self.url = f"{url}/binding/indexes/{index}"
        self.headers = {
            "host": "vector-search",
            "authorization": f"Bearer {TOKEN}",
            "x-vectorize-account": ACCOUNT,
        }

    def describe(self) -> httpx2.Response:
        return self.http.get(self.url, headers=self.headers)

    def ask(self, operation: str, body: object) -> httpx2.Response:
        return self.http.post(f"{self.url}/{operation}", json=body, headers=self.headers)

    def send(self, operation: str, lines: bytes) -> httpx2.Response:
        headers = {**self.headers, "content-type": NDJSON}
        return self.http.post(f"{self.url}/{operation}", content=lines, headers=headers)

    def matches(self, **query: Any) -> Any:
        found = answer(self.ask("query", {"vector": padded(1.0), **query}))
        assert found["count"] == len(found["matches"])
        return found["matches"]


@pytest.fixture(scope="module")
def binding_to(
    legacy_server: Server, v1: httpx2.Client, v2: httpx2.Client
) -> Iterator[dict[str, Binding]]:
    """Bindings to two V1 indexes, the first with `_A` and `_B`, and to a V2 index."""
    config = {"dimensions": 32, "metric": "euclidean"}
    v1.post("/indexes", json={"name": "bound-old", "config": config})
    v1.post("/indexes", json={"name": "bound-told", "config": config, "description": "text"})
    create(v2, "bound-new")
    with watched(legacy_server, token=None) as http:
        made = {
            name: Binding(http, legacy_server.url, f"bound-{name}")
            for name in ("old", "told", "new")
        }
        written = answer(made["old"].ask("insert", {"vectors": [_A, _B]}))
        assert written == {"ids": ["a", "b"], "count": 2}
        yield made


@pytest.fixture
def binding(binding_to: dict[str, Binding]) -> Binding:
    return binding_to["old"]


def test_describe(binding_to: dict[str, Binding]) -> None:
    about = answer(binding_to["old"].describe())
    assert UUID(about["id"])
    assert about == {
        "id": about["id"],
        "name": "bound-old",
        "config": {"dimensions": 32, "metric": "euclidean"},
        "vectorsCount": 2,
    }
    other = answer(binding_to["told"].describe())
    assert (other["description"], other["vectorsCount"]) == ("text", 0)
    assert other["id"] != about["id"]


@pytest.mark.parametrize("compat", [{}, {"compat": None}, {"compat": _NEW}])
def test_a_query_of_today(binding: Binding, compat: dict[str, Any]) -> None:
    assert binding.matches(**compat) == [
        {"id": "a", "score": 0, "namespace": "n"},
        {"id": "b", "score": 1},
    ]
    wanted = {"returnValues": True, "returnMetadata": True, "topK": 1, **compat}
    assert binding.matches(**wanted) == [{**_A, "score": 0}]
    assert binding.matches(filter={"k": "x"}, **compat) == binding.matches(namespace="n")


@pytest.mark.parametrize("compat", [_OLD, {}, {"queryMetadataOptional": None}])
def test_a_worker_of_before_2023_11_08(binding: Binding, compat: dict[str, Any]) -> None:
    old = {"compat": compat}
    bare = [{"vectorId": "a", "score": 0}, {"vectorId": "b", "score": 1}]
    assert binding.matches(**old) == bare
    assert binding.matches(returnVectors=False, **old) == bare
    full = [{**match, "vector": found} for match, found in zip(bare, (_A, _B), strict=True)]
    assert binding.matches(returnVectors=True, **old) == full
    assert binding.matches(returnVectors=True, compat=_NEW) == full
    [a, _] = binding.matches(returnMetadata=True, **old)
    assert a["vector"] == {"id": "a", "namespace": "n", "metadata": {"k": "x"}}


def test_writes_as_ndjson_and_as_json(binding_to: dict[str, Binding]) -> None:
    binding = binding_to["told"]
    new = {"vectors": [_A, _B]}
    assert answer(binding.ask("insert", new)) == {"ids": ["a", "b"], "count": 2}
    lines = ndjson(_B, vector("c"))
    assert answer(binding.send("insert", lines)) == {"ids": ["c"], "count": 1}
    assert answer(binding.send("upsert", lines)) == {"ids": ["b", "c"], "count": 2}
    ids = {"ids": ["c", "nobody", "a"]}
    assert [found["id"] for found in answer(binding.ask("getByIds", ids))] == ["c", "a"]
    assert answer(binding.ask("deleteByIds", ids)) == {"ids": ["c", "a"], "count": 2}
    assert answer(binding.ask("getByIds", ids)) == []
    answer(binding.ask("deleteByIds", {"ids": ["b"]}))


def test_limits(binding: Binding) -> None:
    beyond = binding.ask("query", {"vector": padded(1.0), "topK": 21})
    failed(beyond, 400, 40025, "max top K is 20, but got 21")
    many = {"vectors": [vector(str(n)) for n in range(1_001)]}
    text = "too many vectors in payload; max vector count is 1000, got 1001"
    failed(binding.ask("insert", many), 400, 40024, text)
    by_id = binding.ask("query", {"vectorId": "a", "compat": _NEW})
    text = "Failed to parse the request body as JSON: vectorId: V1 indexes have no query by id"
    failed(by_id, 400, 40026, text)


def test_a_v2_index_is_refused(binding_to: dict[str, Binding]) -> None:
    binding = binding_to["new"]
    failed(binding.describe(), *WRONG_VERSION)
    for operation in _OPERATIONS:
        failed(binding.ask(operation, {}), *WRONG_VERSION)


def test_what_is_no_operation(binding: Binding) -> None:
    failed(
        binding.http.post(binding.url, headers=binding.headers), 405, 10405, "Method not allowed"
    )
    response = binding.ask("get_by_ids", {})
    assert (response.status_code, response.json()["code"]) == (404, 7003)


def test_an_account_called_indexes_still_speaks_miniflare_s_protocol(
    binding: Binding, legacy_server: Server
) -> None:
    url = f"{legacy_server.url}/binding/indexes/bound-old?token={TOKEN}"
    response = binding.http.get(url, headers={"mf-url": "http://vector-search/info"})
    failed(response, 404, 3000, 'vectorize.index.not_found - Index name "bound-old"')
