"""The exact nearest rows of a few queries, found while the rows stream by."""

from __future__ import annotations

import faiss
import numpy as np

from vecinity.local.rows import RowNumbers
from vecinity.metric import FloatArray, Metric

_IN_CACHE = 2_048
"""The products of so many rows at once are turned round without waiting for memory."""


class Neighbors:
    """Keeps the `count` rows nearest to each of `queries` (n, w), both as codes prepare them."""

    def __init__(self, metric: Metric, queries: FloatArray, count: int) -> None:
        self._euclidean = metric is Metric.EUCLIDEAN
        # faiss's product, not numpy's: it takes as many cores as faiss was told
        self._products = faiss.LinearTransform(queries.shape[1], len(queries), False)
        faiss.copy_array_to_vector(queries.reshape(-1), self._products.A)
        self._products.is_trained = True
        self._rows = np.full((len(queries), count), -1, np.int64)
        self._scores = np.full((len(queries), count), -np.inf, np.float32)

    def add(self, rows: RowNumbers, values: FloatArray) -> None:
        """Take `values` (n, w), prepared, as candidates."""
        scores = np.empty((len(self._rows), len(values)), np.float32)
        for start in range(0, len(values), _IN_CACHE):
            some = slice(start, start + _IN_CACHE)
            scores[:, some] = self._products.apply(values[some]).T
        if self._euclidean:
            # 2qx - xx orders as the distance does
            scores = 2 * scores - np.einsum("ij,ij->i", values, values)
        count = self._scores.shape[1]
        for number, found in enumerate(scores):
            better = np.flatnonzero(found > self._scores[number, -1])
            if len(better) > count:
                better = better[np.argpartition(-found[better], count - 1)[:count]]
            merged = np.concatenate([self._scores[number], found[better]])
            order = np.argsort(-merged, kind="stable")[:count]
            self._scores[number] = merged[order]
            self._rows[number] = np.concatenate([self._rows[number], rows[better]])[order]

    def without(self, themselves: RowNumbers) -> RowNumbers:
        """The rows found, best first, shape (n, count - 1), each query without itself; -1: none."""
        kept = np.empty((len(self._rows), self._rows.shape[1] - 1), np.int64)
        for number, (found, itself) in enumerate(zip(self._rows, themselves, strict=True)):
            others = found[found != itself]
            kept[number] = others[: kept.shape[1]]
        return kept
