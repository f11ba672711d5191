"""The operations that a V1 Workers binding calls, without a surface around them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
import pytest

from tests.contract.api import ndjson, padded, vector
from vecinity.errors import IncorrectApiVersion, InvalidRequest, InvalidTopK, TooManyVectors
from vecinity.limits import CLOUDFLARE, for_binding
from vecinity.local.engine import LocalEngine
from vecinity.metric import Metric
from vecinity.model import IndexConfig
from vecinity.server import legacy_operations as operations
from vecinity.server.call import Call
from vecinity.server.perform import Operation
from vecinity.server.settings import ServerSettings

_A = vector("a", 1.0, metadata={"k": "x"}, namespace="n")
_B = vector("b", 1.0, 1.0)
_OLD = {"queryMetadataOptional": False}
_NEW = {"queryMetadataOptional": True}


class Binding:
    """Calls operations as a binding's router does: the index is known, bodies are bytes."""

    def __init__(self, engine: LocalEngine, index: str) -> None:
        self._engine = engine
        self._index = index
        self.notes: list[str] = []

    def __call__(
        self, operation: Operation, body: object = None, content_type: str = "application/json"
    ) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        settings = ServerSettings(limits=for_binding(CLOUDFLARE))
        call = Call(self._engine, settings, "a", self._index, body=data, content_type=content_type)
        answer = operation(call)
        self.notes = call.notes
        return orjson.loads(orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY))

    def matches(self, **query: Any) -> Any:
        body = {"vector": padded(1.0), **query}
        found = self(operations.query_over_binding, body)
        assert found["count"] == len(found["matches"])
        assert self.notes == []
        return found["matches"]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    engine = LocalEngine(tmp_path_factory.mktemp("binding"))
    config = IndexConfig(32, Metric.EUCLIDEAN)
    engine.create_index("a", "old", config, None, "v1")
    engine.create_index("a", "told", config, "text", "v1")
    engine.create_index("a", "new", config, None)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def binding(engine: LocalEngine) -> Binding:
    """A V1 index that holds `_A` and `_B`."""
    binding = Binding(engine, "old")
    assert binding(operations.insert, {"vectors": [_A, _B]}) == {"ids": ["a", "b"], "count": 2}
    return binding


def test_describe(engine: LocalEngine, binding: Binding) -> None:
    about = binding(operations.describe)
    assert UUID(about["id"])
    assert about == {
        "id": about["id"],
        "name": "old",
        "config": {"dimensions": 32, "metric": "euclidean"},
        "vectorsCount": 2,
    }
    other = Binding(engine, "told")(operations.describe)
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


def test_writes_as_ndjson_and_as_json(engine: LocalEngine) -> None:
    binding = Binding(engine, "told")
    new = {"vectors": [_A, _B]}
    assert binding(operations.insert, new) == {"ids": ["a", "b"], "count": 2}
    lines = ndjson(_B, vector("c"))
    kind = "application/x-ndjson"
    assert binding(operations.insert, lines, kind) == {"ids": ["c"], "count": 1}
    assert binding(operations.upsert, lines, kind) == {"ids": ["b", "c"], "count": 2}
    ids = {"ids": ["c", "nobody", "a"]}
    assert [found["id"] for found in binding(operations.get_by_ids, ids)] == ["c", "a"]
    assert binding(operations.delete_by_ids, ids) == {"ids": ["c", "a"], "count": 2}
    assert binding(operations.get_by_ids, ids) == []


def test_limits(binding: Binding) -> None:
    with pytest.raises(InvalidTopK, match="max top K is 20, but got 21"):
        binding.matches(topK=21)
    many = {"vectors": [vector(str(n)) for n in range(1_001)]}
    with pytest.raises(TooManyVectors, match="max vector count is 1000, got 1001"):
        binding(operations.insert, many)
    with pytest.raises(InvalidRequest, match="no query by id"):
        binding(operations.query_over_binding, {"vectorId": "a", "compat": _NEW})


def test_a_v2_index_is_refused(engine: LocalEngine) -> None:
    binding = Binding(engine, "new")
    for operation in (
        operations.describe,
        operations.query_over_binding,
        operations.insert,
        operations.upsert,
        operations.get_by_ids,
        operations.delete_by_ids,
    ):
        with pytest.raises(IncorrectApiVersion):
            binding(operation, {})
