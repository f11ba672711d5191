"""Filters of V1 indexes against the naive model, which has no metadata indexes either."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.search.alphabets import METADATA, NAMESPACES, metadata
from tests.search.model import Json, Model, Record, _lookup, _type
from tests.search.strategies import filters
from vecinity.batch import BatchBuilder, VectorRecord
from vecinity.engine import LegacyIndex
from vecinity.limits import OPEN
from vecinity.local.engine import LocalEngine
from vecinity.metric import Metric
from vecinity.model import IndexConfig
from vecinity.query import QueryOptions

_VECTORS = 400


class LegacyModel(Model):
    """Each operand is compared with values of its own type, whatever the property's others are."""

    def _holds(self, record: Record, name: str, condition: Json) -> bool:
        value = _lookup(record.metadata, name)
        operators = condition if isinstance(condition, dict) else {"$eq": condition}
        return all(self._operator_holds("", value, *each) for each in operators.items())

    def _equal(self, type_: str, value: Json, operand: Json) -> bool:
        return super()._equal(_type(operand) or "", value, operand)

    def _in_range(self, type_: str, value: Json, operator: str, operand: Json) -> bool:
        return super()._in_range(_type(operand) or "", value, operator, operand)


@dataclass(frozen=True)
class Pair:
    """An index and the model of it, both with the same vectors."""

    index: LegacyIndex
    model: LegacyModel

    def upsert(self, vectors: list[dict[str, Json]]) -> None:
        builder = BatchBuilder(2, OPEN)
        builder.add([VectorRecord(**vector) for vector in vectors])
        self.index.upsert(builder.build())
        self.model.upsert(vectors)

    def delete(self, ids: list[str]) -> None:
        expected = [vector_id for vector_id in ids if vector_id in self.model.records]
        assert self.index.delete_ids(ids) == expected
        self.model.delete(ids)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Vectors with metadata out of the alphabets, many of them written twice or deleted."""
    engine = LocalEngine(tmp_path_factory.mktemp("scan"), limits=OPEN, segment_rows=70)
    engine.create_index("a", "old", IndexConfig(2, Metric.COSINE), None, "v1")
    pair = Pair(engine.open_index("a", "old", "v1"), LegacyModel("cosine", "open"))
    chance = random.Random(0)
    for _ in range(6):
        pair.upsert([_vector(chance) for _ in range(_VECTORS // 2)])
        pair.delete(list(map(str, chance.sample(range(_VECTORS), 5))))
    yield pair
    engine.close()


def _vector(chance: random.Random) -> dict[str, Json]:
    members = metadata(*map(chance.choice, METADATA.values()))
    return {
        "id": str(chance.randrange(_VECTORS)),
        "values": [1.0, 2.0],
        "namespace": chance.choice(NAMESPACES),
        "metadata": members if chance.randrange(8) else None,
    }


@settings(max_examples=500)
@given(st.sampled_from([None, None, None, *NAMESPACES]), filters())
def test_a_filter_finds_what_the_model_finds(
    pair: Pair, namespace: str | None, filter: dict[str, Json]
) -> None:
    options = QueryOptions.checked(OPEN, top_k=_VECTORS, namespace=namespace, filter=filter)
    found = {match.id for match in pair.index.query(np.ones(2, np.float32), options)}
    assert found == {record.id for record in pair.model.candidates(namespace, filter)}
