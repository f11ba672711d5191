"""The limits that only the engine can keep, with small numbers in place of the service's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vecinity
from vecinity.batch import Batch
from vecinity.errors import IndexFull, TooManyIndexes
from vecinity.limits import CLOUDFLARE
from vecinity.local.engine import LocalEngine
from vecinity.metric import Metric
from vecinity.model import IndexConfig

_LIMITS = replace(CLOUDFLARE, indexes_per_account=2, vectors_per_index=10, namespaces_per_index=3)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    engine = LocalEngine(tmp_path, limits=_LIMITS)
    yield engine
    engine.close()


@pytest.fixture
def index(engine: LocalEngine) -> vecinity.Index:
    database = vecinity.Database(engine, _LIMITS)
    database.create_index("docs", dimensions=32, metric="cosine")
    return database.index("docs")


def _vectors(*ids: int, namespace: str | None = None) -> list[dict[str, Any]]:
    return [{"id": str(n), "values": [1.0] * 32, "namespace": namespace} for n in ids]


def test_indexes_of_an_account(engine: LocalEngine) -> None:
    mine = vecinity.Database(engine, _LIMITS, account="mine")
    other = vecinity.Database(engine, _LIMITS, account="other")
    for name in ("a", "b"):
        mine.create_index(name, dimensions=32, metric="cosine")
    with pytest.raises(TooManyIndexes, match="max is 2 per account"):
        mine.create_index("c", dimensions=32, metric="cosine")
    other.create_index("c", dimensions=32, metric="cosine")
    mine.delete_index("a")
    mine.create_index("c", dimensions=32, metric="cosine")


def test_vectors_of_an_index(index: vecinity.Index) -> None:
    index.insert(_vectors(*range(9)))
    with pytest.raises(IndexFull, match="max vector count is 10"):
        index.insert(_vectors(9, 10))
    assert index.describe().vector_count == 9
    index.insert(_vectors(9))
    index.insert(_vectors(0, 9))  # nothing new
    index.upsert(_vectors(*range(10)))  # replaced one by one
    index.delete_by_ids(["0"])
    index.insert(_vectors(10))
    assert index.describe().vector_count == 10


def test_namespaces_of_an_index(index: vecinity.Index) -> None:
    for number, namespace in enumerate("abc"):
        index.upsert(_vectors(number, namespace=namespace))
    with pytest.raises(IndexFull, match="max namespace count is 3"):
        index.upsert(_vectors(3, namespace="d"))
    index.upsert(_vectors(3, namespace="a"))
    index.upsert(_vectors(4))
    assert index.describe().vector_count == 5


def test_v1_indexes_have_a_budget_and_limits_of_their_own(tmp_path: Path) -> None:
    engine, config = LocalEngine(tmp_path), IndexConfig(32, Metric.COSINE)
    try:
        for number in range(100):
            engine.create_index("a", f"old{number}", config, None, "v1")
        with pytest.raises(TooManyIndexes, match="max is 100 per account"):
            engine.create_index("a", "old100", config, None, "v1")
        engine.create_index("a", "new", config, None)
        old, new = engine.open_index("a", "old0", "v1"), engine.open_index("a", "new")
        assert old.insert_ids(_namespaces(0, 1_000)) == [str(n) for n in range(1_000)]
        with pytest.raises(IndexFull, match="max namespace count is 1000"):
            old.insert_ids(_namespaces(1_000, 1_001))
        assert len(new.insert_ids(_namespaces(0, 1_001))) == 1_001
    finally:
        engine.close()


def _namespaces(start: int, end: int) -> Batch:
    """Vectors each in a namespace of its own."""
    names = [str(n) for n in range(start, end)]
    return Batch(names, np.ones((len(names), 32), np.float32), list(names), [None] * len(names))
