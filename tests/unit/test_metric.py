"""Scores: their meaning, their order, and that every one is a finite float32."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vecinity.metric import FloatArray, Metric, scores


def _row(*values: float) -> FloatArray:
    return np.array(values, np.float32)


def _score(metric: Metric, query: FloatArray, *rows: FloatArray) -> list[float]:
    found = scores(metric, query, np.stack(rows))
    assert found.dtype == np.float32
    assert found.shape == (len(rows),)
    listed: list[float] = found.tolist()
    return listed


def test_the_names_are_those_of_the_wire() -> None:
    assert [str(metric) for metric in Metric] == ["cosine", "euclidean", "dot-product"]


@pytest.mark.parametrize(
    ("metric", "descending"),
    [(Metric.COSINE, True), (Metric.EUCLIDEAN, False), (Metric.DOT_PRODUCT, False)],
)
def test_which_of_two_scores_is_better(metric: Metric, descending: bool) -> None:
    assert metric.descending is descending


def test_cosine_is_the_similarity() -> None:
    query = _row(3, 0)
    assert _score(Metric.COSINE, query, _row(7, 0), _row(0, 2), _row(-1, 0)) == [1.0, 0.0, -1.0]
    assert _score(Metric.COSINE, query, _row(1, 1)) == [np.float32(math.sqrt(0.5))]


def test_euclidean_is_the_distance_not_its_square() -> None:
    assert _score(Metric.EUCLIDEAN, _row(0, 0), _row(3, 4), _row(0, 0)) == [5.0, 0.0]


def test_dot_product_is_negative() -> None:
    assert _score(Metric.DOT_PRODUCT, _row(2, 3), _row(5, 7), _row(-5, -7)) == [-31.0, 31.0]


@pytest.mark.parametrize("metric", [Metric.COSINE, Metric.DOT_PRODUCT])
def test_a_zero_vector_scores_zero(metric: Metric) -> None:
    zero, other = _row(0, -0.0), _row(1, 2)
    assert _score(metric, other, zero) == [0.0]
    assert _score(metric, zero, other, zero) == [0.0, 0.0]


@pytest.mark.parametrize("metric", [Metric.COSINE, Metric.DOT_PRODUCT])
def test_no_score_is_a_negative_zero(metric: Metric) -> None:
    for score in _score(metric, _row(1, 0), _row(0, 1), _row(0, -1), _row(-0.0, 5)):
        assert math.copysign(1, score) == 1


@pytest.mark.parametrize("scale", [1e-38, 1e-30, 1e-20, 1.0, 1e15])
def test_cosine_keeps_its_precision_at_any_scale(scale: float) -> None:
    query, row = _row(scale, scale), _row(scale, 0)
    assert _score(Metric.COSINE, query, query) == [1.0]
    assert _score(Metric.COSINE, query, row) == pytest.approx([math.sqrt(0.5)], rel=1e-6)


def test_cosine_never_leaves_its_range() -> None:
    rows = np.random.default_rng(1).standard_normal((200, 7)).astype(np.float32)
    for row in rows:
        assert -1 <= _score(Metric.COSINE, row, -row)[0] <= _score(Metric.COSINE, row, row)[0] <= 1


@pytest.mark.parametrize("metric", list(Metric))
def test_a_score_does_not_depend_on_the_rows_beside_it(metric: Metric) -> None:
    rows = np.random.default_rng(2).standard_normal((33, 37)).astype(np.float32)
    query = rows[5] * np.float32(0.3)
    alone = [scores(metric, query, row[None])[0] for row in rows]
    assert scores(metric, query, rows).tolist() == [float(score) for score in alone]


@pytest.mark.parametrize("metric", list(Metric))
def test_the_largest_legal_vectors_score_finitely(metric: Metric) -> None:
    # each squared norm is just within float32
    large = np.full(4, 9.2e18, np.float32)
    assert np.isfinite(scores(metric, large, np.stack([large, -large, large * 0]))).all()


@pytest.mark.parametrize("metric", list(Metric))
def test_no_rows_no_scores(metric: Metric) -> None:
    assert scores(metric, _row(1, 2), np.empty((0, 2), np.float32)).shape == (0,)
