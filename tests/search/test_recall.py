"""Recall of large indexes: what the target promises, by metric, with filters, and after deaths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pytest

import vecinity
from tests.support.made import made
from vecinity.local.block import Block
from vecinity.local.block_search import of_whole
from vecinity.local.question import Question
from vecinity.local.rows import RowNumbers
from vecinity.metric import FloatArray, Metric, scores

_ROWS = 20_000
_DIMENSIONS = 48
_QUERIES = 100
_K = 10
_SLACK = 0.01
"""A sample of 1,000 neighbours says no more precisely what the recall is."""


def _made(rows: int, seed: int) -> FloatArray:
    return made(rows, _DIMENSIONS, seed, longest=2)


def _metadata(numbers: Iterable[int], values: FloatArray) -> list[dict[str, Any]]:
    return [
        {"part": number % 100, "sign": bool(row[0] > 0)}
        for number, row in zip(numbers, values, strict=True)
    ]


@pytest.fixture(scope="module", params=list(Metric))
def index(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[vecinity.Index]:
    """All rows with `part`, 0 to 99, and `sign`, which goes with the first value; in blocks."""
    values = _made(_ROWS, 1)
    metadata = _metadata(range(_ROWS), values)
    with vecinity.open(tmp_path_factory.mktemp("recall"), profile="open") as database:
        database.create_index("i", dimensions=_DIMENSIONS, metric=request.param)
        found = database.index("i")
        found.create_metadata_index("part", "number")
        found.create_metadata_index("sign", "boolean")
        for start in range(0, _ROWS, 5_000):
            ids = [str(n) for n in range(start, start + 5_000)]
            part = slice(start, start + 5_000)
            found.insert_arrays(ids, values[part], metadata=metadata[part])
        assert database.wait_indexed(timeout=120)
        yield found


def _recall(
    index: vecinity.Index,
    values: FloatArray,
    allowed: np.ndarray[Any, Any],
    length: float = 1.0,
    **options: Any,
) -> float:
    """The share of the best `_K` scores, over all queries, that is found."""
    metric = index.config.metric
    rows = values[allowed]
    found = 0
    for query in _made(_QUERIES, 2) * np.float32(length):
        best = np.sort(scores(metric, query, rows))
        best = best[::-1] if metric.descending else best
        worst = best[_K - 1]
        matches = index.query(query, top_k=_K, **options)
        assert len(matches) == _K
        good = [m.score >= worst if metric.descending else m.score <= worst for m in matches]
        found += sum(good)
    return found / (_QUERIES * _K)


def test_at_rest_the_same_is_found_in_a_straight_line(
    index: vecinity.Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []

    def counting(block: Block, question: Question) -> RowNumbers | None:
        taken.append(block)
        return of_whole(block, question)

    monkeypatch.setattr("vecinity.local.search.of_whole", counting)
    queries = _made(_QUERIES, 2)
    found = [index.query(query, top_k=_K) for query in queries]
    assert len(taken) == _QUERIES
    monkeypatch.setattr("vecinity.local.search._are_whole", lambda *_: False)
    assert [index.query(query, top_k=_K) for query in queries] == found
    assert len(taken) == _QUERIES


@pytest.mark.parametrize("target", [0.9, None, 0.99, 1.0])
def test_the_target_is_met(index: vecinity.Index, target: float | None) -> None:
    recall = _recall(index, _made(_ROWS, 1), np.arange(_ROWS), recall_target=target)
    assert recall >= (target or 0.97) - (_SLACK if target != 1.0 else 0)


@pytest.mark.parametrize("length", [0.01, 20.0, 1e4])
def test_queries_of_any_length_meet_it(index: vecinity.Index, length: float) -> None:
    """Near to all rows, or far away from them."""
    recall = _recall(index, _made(_ROWS, 1), np.arange(_ROWS), length)
    assert recall >= 0.97 - _SLACK


@pytest.mark.parametrize(
    "condition",
    [{"part": {"$lt": 50}}, {"part": {"$lt": 10}}, {"part": 7}, {"sign": True}, {"sign": False}],
)
def test_filters_lose_nothing(index: vecinity.Index, condition: dict[str, Any]) -> None:
    values = _made(_ROWS, 1)
    numbers = np.arange(_ROWS)
    if "sign" in condition:
        allowed = numbers[(values[:, 0] > 0) == condition["sign"]]
    elif condition["part"] == 7:
        allowed = numbers[numbers % 100 == 7]
    else:
        allowed = numbers[numbers % 100 < condition["part"]["$lt"]]
    assert _recall(index, values, allowed, filter=condition) >= 0.97 - _SLACK


def test_the_dead_are_not_found(index: vecinity.Index) -> None:
    """The nearest of each query die; those that were next are found."""
    found = 0
    for query in _made(20, 3):
        before = index.query(query, top_k=20, recall_target=1.0)
        index.delete_by_ids([match.id for match in before[:10]])
        after = index.query(query, top_k=10, recall_target=0.99)
        assert not {match.id for match in after} & {match.id for match in before[:10]}
        found += len({match.id for match in after} & {match.id for match in before[10:]})
        # as it was, for the other tests
        numbers = [int(match.id) for match in before[:10]]
        values = _made(_ROWS, 1)[numbers]
        index.upsert_arrays(
            [str(n) for n in numbers],
            values,
            metadata=[
                {"part": n % 100, "sign": bool(values[i, 0] > 0)} for i, n in enumerate(numbers)
            ],
        )
    assert found >= (0.99 - _SLACK) * 200
