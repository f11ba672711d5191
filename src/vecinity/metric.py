"""The three metrics: what a score is and which of two is better.

| metric | score | best first |
| --- | --- | --- |
| cosine | cosine similarity, -1..1; 0 for a zero vector | descending |
| euclidean | L2 distance, >= 0 | ascending |
| dot-product | the *negative* dot product | ascending |

(contract.md section c)
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float32]


_LEAST_NORMS = 1e-100
"""Below the product of two norms of float32 vectors that are not zero."""


class Metric(StrEnum):
    """A distance metric, named as on the wire."""

    COSINE = "cosine"
    EUCLIDEAN = "euclidean"
    DOT_PRODUCT = "dot-product"

    @property
    def descending(self) -> bool:
        """Whether a larger score is the better one."""
        return self is Metric.COSINE


def unit(vector: FloatArray) -> FloatArray:
    """`vector` (d,) at length 1; zero stays zero."""
    wide = vector.astype(np.float64)
    wide /= math.sqrt(np.dot(wide, wide)) or 1.0
    return wide.astype(np.float32)


def scores(metric: Metric, query: FloatArray, rows: FloatArray) -> FloatArray:
    """The exact scores of `rows` (n, d) for `query` (d,): computed in float64, returned as float32.

    Every row is reduced on its own, so equal rows get equal scores whatever stands beside them.
    The results are finite for finite input whose squared norms fit float32.
    """
    x = rows.astype(np.float64)
    q = query.astype(np.float64)
    if metric is Metric.EUCLIDEAN:
        x -= q
        return _narrow(np.sqrt(np.vecdot(x, x)))
    dots = np.vecdot(x, q)
    # "+ 0.0" below turns the negative zero of orthogonal vectors into a plain one
    if metric is Metric.DOT_PRODUCT:
        return _narrow(-dots + 0.0)
    # Two square roots, not the root of a product: that would underflow for tiny vectors.
    norms = np.vecdot(x, x)
    np.sqrt(norms, out=norms)
    norms *= math.sqrt(np.vecdot(q, q))
    # what it makes larger is 0, where the product is 0 too
    np.maximum(norms, _LEAST_NORMS, out=norms)
    dots /= norms  # as float32 never outside -1 to 1: the errors are too small
    return _narrow(dots + 0.0)


def _narrow(wide: npt.NDArray[np.float64]) -> FloatArray:
    return wide.astype(np.float32)
