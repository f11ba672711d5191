"""Filters that go with the query, or against it: rows are of topics, and so is the filter."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import vecinity
from vecinity.metric import FloatArray

_TOPICS = 60
_ROWS = 30_000
_DIMENSIONS = 64
_QUERIES = 100
_K = 10


def _made(rows: int, seed: int) -> tuple[FloatArray, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Rows of unit length around their topics, and the topic of each."""
    centres = np.random.default_rng(0).standard_normal((_TOPICS, _DIMENSIONS))
    directions = np.random.default_rng(1).standard_normal((_TOPICS, 10, _DIMENSIONS))
    random = np.random.default_rng(seed)
    topics = random.integers(_TOPICS, size=rows)
    inside = random.standard_normal((rows, 1, 10)) @ directions[topics]
    made = centres[topics] + 0.4 * inside[:, 0] + 0.3 * random.standard_normal((rows, _DIMENSIONS))
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return made.astype(np.float32), topics


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[vecinity.Index]:
    """All rows with their `topic`, in one block."""
    values, topics = _made(_ROWS, 2)
    with vecinity.open(tmp_path_factory.mktemp("topics"), profile="open") as database:
        database.create_index("i", dimensions=_DIMENSIONS, metric="cosine")
        found = database.index("i")
        found.create_metadata_index("topic", "number")
        metadata = [{"topic": topic} for topic in topics.tolist()]
        found.insert_arrays([str(n) for n in range(_ROWS)], values, metadata=metadata)
        assert database.wait_indexed(timeout=120)
        yield found


@pytest.mark.parametrize("below", [4, 10, 20, 40, 50, 58])
def test_recall_holds_wherever_the_query_is(index: vecinity.Index, below: int) -> None:
    """`below` of the topics match: queries about them go with the filter, others against it."""
    values, topics = _made(_ROWS, 2)
    allowed = values[topics < below]
    queries, about = _made(_QUERIES, 3)
    found = {True: 0, False: 0}
    for query, topic in zip(queries, about.tolist(), strict=True):
        worst = np.sort(allowed @ query)[-_K]
        matches = index.query(query, top_k=_K, filter={"topic": {"$lt": below}})
        assert len(matches) == _K
        found[topic < below] += sum(match.score >= worst - 1e-6 for match in matches)
    asked = {True: int((about < below).sum()), False: int((about >= below).sum())}
    for goes_with in asked:
        # a few dozen neighbours say no more precisely what the recall is
        slack = 0.01 + 0.5 / max(1, asked[goes_with])
        assert found[goes_with] >= (0.97 - slack) * _K * asked[goes_with]
