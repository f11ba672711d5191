"""Exact search: float32 kernels over the mapped segments bound every score, float64 decides.

Each row's float32 score comes with a bound of its rounding error, so what cannot be among the best
k is left out with certainty; the few others are scored exactly.
"""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from vecinity.local.norms import Norms
from vecinity.local.rows import RowNumbers
from vecinity.local.values import Values
from vecinity.metric import FloatArray, Metric, scores, unit

_EXACT_CHUNK = 4_096
_FEW_VALUES = 128 * 1_024
"""Rows of up to so many values in all are scored in float64 at once: bounding them costs more."""
_BLOCK = 64
_UNIT_ROUNDOFF = 2.0**-24
_SMALLEST_NORMAL = 1.2e-38
_SHORT = 1e-20
"""Only by norms below this the errors of small products matter, which makes them differ."""


def nearest(
    metric: Metric,
    query: FloatArray,
    k: int,
    rows: RowNumbers,
    values: Values,
    norms: Norms,
    itself: int = -1,
) -> tuple[RowNumbers, FloatArray]:
    """The best k of `rows` and their scores, best first, equal scores in row order.

    Args:
        query: float32, shape (d,).
        rows: row numbers, ascending, all of them stored in `values`.
        itself: a row that comes first among equal scores.

    Returns:
        Row numbers and float32 scores, both of length min(k, len(rows)).
    """
    k = min(k, len(rows))
    if k == 0:
        return rows, np.empty(0, np.float32)
    if rows.size * len(query) > _FEW_VALUES and len(rows) > k:
        if metric is not Metric.EUCLIDEAN and not query.any():
            order = np.argsort(rows != itself, kind="stable")[:k]
            return rows[order], np.zeros(k, np.float32)
        rows = rows[_may_be_best(metric, query, k, rows, values, norms)]
    exact = _exact(metric, query, rows, values)
    best_first = -exact if metric.descending else exact
    if itself < 0:
        order = best_first.argsort(kind="stable")[:k]
    else:
        order = np.lexsort((rows, rows != itself, best_first))[:k]
    return rows[order], exact[order]


def _may_be_best(
    metric: Metric,
    query: FloatArray,
    k: int,
    rows: RowNumbers,
    values: Values,
    norms: Norms,
) -> npt.NDArray[np.bool_]:
    """Which of `rows` can be among the best k, whatever the rounding errors were."""
    distances = np.empty(len(rows), np.float32)
    query = _unit(metric, query)
    for segment, places, span in values.by_segment(rows):
        count = len(places)
        whole = bool(places[-1] == count - 1)
        out, some = distances[span], None if whole else places
        _run_kernel(_kernel(metric), query, segment.values, some, out)
    euclidean = metric is Metric.EUCLIDEAN
    lengths = distances if euclidean else norms.of(rows, values)
    return _possible(k, *_bounded(metric, distances, lengths, len(query)))


def _unit(metric: Metric, query: FloatArray) -> FloatArray:
    """A query of unit length keeps products within float32, and the order is the same."""
    return query if metric is Metric.EUCLIDEAN else unit(query)


def _bounded(
    metric: Metric, products: FloatArray, norms: FloatArray, dimensions: int
) -> tuple[FloatArray, FloatArray | np.float32]:
    """Distances that order as the scores do, smaller is better, and bounds of their errors.

    One bound may be for all.

    Args:
        products: of unit query and rows; for euclidean squared distances. They are overwritten.
        norms: of the rows; no matter for euclidean.
    """
    relative = np.float32((dimensions + 16) * _UNIT_ROUNDOFF)
    absolute = np.float32(dimensions * _SMALLEST_NORMAL)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if metric is Metric.EUCLIDEAN:
            return products, products * relative + absolute
        distances = np.negative(products, out=products)
        if metric is Metric.DOT_PRODUCT:
            return distances, norms * relative + absolute
        distances /= norms
        shortest = norms.min()
        if shortest > _SHORT:
            return distances, absolute / shortest + relative
        errors = absolute / norms + relative
    zero = norms == 0
    distances[zero] = 0
    errors[zero] = 0
    return distances, errors


def _possible(
    k: int, distances: FloatArray, errors: FloatArray | np.float32
) -> npt.NDArray[np.bool_]:
    with np.errstate(over="ignore", invalid="ignore"):
        bound = kth_smallest(distances + errors, k)
        distances -= errors
    # What overflowed is inf - inf here, and must be left to float64: NaN is not above the bound.
    possible: npt.NDArray[np.bool_] = ~(distances > bound)
    return possible


def _kernel(metric: Metric) -> str:
    return "L2sqr" if metric is Metric.EUCLIDEAN else "inner_product"


def _run_kernel(
    name: str,
    query: FloatArray,
    values: FloatArray,
    places: RowNumbers | None,
    out: FloatArray,
) -> None:
    """faiss's float32 kernel between the query and the rows at `places`, or the first rows."""
    result, x, y = _pointer(out), _pointer(query), _pointer(values)
    if places is None:
        kernel = getattr(faiss, _WHOLE[name])
        kernel(result, x, y, len(query), len(out))
    else:
        kernel = getattr(faiss, _SOME[name])
        kernel(result, x, y, _pointer(places), len(query), 1, len(out))


def kth_smallest(values: FloatArray, k: int) -> np.float32:
    """The k-th smallest of `values`, k from 1 to their number; NaN counts as largest.

    The k-th smallest minimum of blocks is no less, so few values are left to be sorted.
    """
    blocks = len(values) // _BLOCK
    if blocks > 2 * k:
        minima = values[: blocks * _BLOCK].reshape(blocks, _BLOCK).min(axis=1)
        ceiling = np.partition(minima, k - 1)[k - 1]
        values = values[~(values > ceiling)]
    smallest: np.float32 = np.partition(values, k - 1)[k - 1]
    return smallest


_WHOLE = {"L2sqr": "fvec_L2sqr_ny", "inner_product": "fvec_inner_products_ny"}
_SOME = {"L2sqr": "fvec_L2sqr_by_idx", "inner_product": "fvec_inner_products_by_idx"}


def _pointer(array: npt.NDArray[Any]) -> Any:
    return faiss.swig_ptr(array)


def _exact(
    metric: Metric,
    query: FloatArray,
    rows: RowNumbers,
    values: Values,
) -> FloatArray:
    """The exact scores of `rows`."""
    if len(rows) <= _EXACT_CHUNK:
        return scores(metric, query, values.gathered(rows))
    parts = [
        scores(metric, query, values.gathered(rows[start : start + _EXACT_CHUNK]))
        for start in range(0, len(rows), _EXACT_CHUNK)
    ]
    return np.concatenate(parts)
