"""New rows beside sealed blocks: found by codes in memory, or exactly where these won't do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import vecinity
from tests.support.made import made
from vecinity.local import bits, tail
from vecinity.local.arrivals import Arrivals
from vecinity.local.background import Background
from vecinity.local.blocks import Blocks
from vecinity.local.engine import LocalIndex
from vecinity.metric import FloatArray, Metric, scores

_SEALED = 6_000
_NEW = 3_000
_A_WRITE = 500
_DIMENSIONS = 48
_K = 10


def _made(rows: int, seed: int) -> FloatArray:
    return made(rows, _DIMENSIONS, seed)


class _Index:
    """An index whose first rows are sealed, what it should hold, and what it searches in."""

    def __init__(self, folder: Path, metric: Metric) -> None:
        self.database = vecinity.open(folder, profile="open")
        self.database.create_index("i", dimensions=_DIMENSIONS, metric=metric)
        self.index = self.database.index("i")
        self._metric = metric
        self._stored: dict[str, FloatArray] = {}

    def write(self, numbers: range, values: FloatArray) -> None:
        for start in range(0, len(numbers), _A_WRITE):
            ids = [str(number) for number in numbers[start : start + _A_WRITE]]
            part = values[start : start + _A_WRITE]
            self.index.upsert_arrays(ids, part)
            self._stored.update(zip(ids, part, strict=True))

    def delete(self, numbers: range) -> None:
        ids = [str(number) for number in numbers]
        for start in range(0, len(ids), 100):
            self.index.delete_by_ids(ids[start : start + 100])
        for each in ids:
            del self._stored[each]

    def seal(self) -> None:
        assert self.database.wait_indexed(timeout=60)

    def searched(self) -> Blocks:
        local = self.index._index
        assert isinstance(local, LocalIndex)
        with local._use() as opened:
            return opened._searched

    def recall(self, queries: FloatArray) -> float:
        matrix = np.array(list(self._stored.values()))
        found = 0
        for query in queries:
            exact = np.sort(scores(self._metric, query, matrix))
            kth = exact[-_K] if self._metric.descending else exact[_K - 1]
            for match in self.index.query(query, top_k=_K):
                [score] = scores(self._metric, query, self._stored[match.id][np.newaxis])
                assert match.score == pytest.approx(score, rel=1e-5, abs=1e-5)
                found += bool(
                    score >= kth - 1e-6 if self._metric.descending else score <= kth + 1e-6
                )
        return found / (len(queries) * _K)


@pytest.fixture(params=list(Metric))
def index(
    request: pytest.FixtureRequest, memory_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[_Index]:
    """Nothing that is written from here on is sealed."""
    made = _Index(memory_path, request.param)
    made.write(range(_SEALED), _made(_SEALED, 1))
    made.seal()
    monkeypatch.setattr(Arrivals, "is_bulk", False)
    monkeypatch.setattr(Background, "poke", lambda *_: None)
    yield made
    made.database.close()


def test_new_rows_are_found_by_their_codes(index: _Index) -> None:
    index.write(range(_SEALED, _SEALED + _NEW), _made(_NEW, 2))
    assert index.searched().all[-1].members >= _NEW / 2
    assert index.recall(_made(60, 3)) >= 0.96


@pytest.mark.parametrize("index", [Metric.COSINE, Metric.EUCLIDEAN], indirect=True)
def test_a_planted_bug_is_caught(index: _Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every other row is left out."""
    monkeypatch.setattr(tail, "rows_of", lambda rows: bits.rows_of(rows)[::2])
    index.write(range(_SEALED, _SEALED + _NEW), _made(_NEW, 2))
    assert index.recall(_made(60, 3)) < 0.93


def test_rows_written_over_and_deleted_are_gone(index: _Index) -> None:
    index.write(range(_SEALED - 500, _SEALED + _NEW), _made(_NEW + 500, 4))
    index.delete(range(_SEALED + 1_000, _SEALED + 1_500))
    assert index.recall(_made(60, 5)) >= 0.96


def test_rows_unlike_the_others_are_scored_exactly(index: _Index) -> None:
    unlike = np.random.default_rng(6).standard_normal((_NEW, _DIMENSIONS)).astype(np.float32) * 4
    index.write(range(_SEALED, _SEALED + _NEW), unlike)
    assert index.searched().end < _SEALED + _A_WRITE
    assert index.recall(unlike[:60] + np.float32(0.01)) >= 0.99


def test_few_ids_written_again_and_again_take_no_memory(index: _Index) -> None:
    for seed in range(12):
        index.write(range(1_500), _made(1_500, seed))
    newest = index.searched().all[-1]
    assert newest.first == _SEALED
    assert newest.members <= 2 * 1_500 + _A_WRITE
    assert index.recall(_made(60, 7)) >= 0.96
