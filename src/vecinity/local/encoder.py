"""Makes the codes of a block: trains lists and a quantiser, takes rows in, fills the lists."""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np

from vecinity.local import packing
from vecinity.local.codes import GROUP, Codes, groups_of, prepared
from vecinity.local.lists import FEW_LISTS, Lists, sample_for
from vecinity.local.rows import RowNumbers
from vecinity.metric import FloatArray, Metric

_COARSE_GROUP = 2
_VALUES = 16
_TRAINED = 3_072
_ITERATIONS = 6
"""More rows and rounds make no better quantiser of 16 values in each group."""

_SEED = 1_234
_LARGEST_SCALE = 1e38
"""Larger factors are no float32."""

_SPACES = {
    Metric.COSINE: (faiss.METRIC_INNER_PRODUCT, faiss.METRIC_L2),
    Metric.EUCLIDEAN: (faiss.METRIC_L2, faiss.METRIC_L2),
    Metric.DOT_PRODUCT: (faiss.METRIC_INNER_PRODUCT, faiss.METRIC_INNER_PRODUCT),
}
"""How queries are compared to lists, and to codes of rows.

Codes lie nearer to the middle than their rows, some by more than others, so that products make
rows look worse that are coded worse. Distances make up for about half of it.
"""


class Encoder:
    """Takes the rows of a block, and gives their codes."""

    def __init__(
        self, metric: Metric, dimensions: int, scale: float, lists: Lists, quantizer: Any
    ) -> None:
        self.scale = scale
        self._metric = metric
        self._dimensions = dimensions
        self._lists = lists
        self._quantizer = quantizer
        self._rows: list[RowNumbers] = []
        self._codes: list[packing.Codes4] = []
        self._places: list[RowNumbers] = []

    @classmethod
    def trained(
        cls, metric: Metric, sample: FloatArray, rows: int, codebook: Codes | None
    ) -> Encoder:
        """For `rows` rows like those of `sample` (n, d), which is raw, in random order.

        Args:
            codebook: take its quantiser instead of training one.
        """
        scale = codebook.scale if codebook else _scale(metric, sample)
        ready = _enough(prepared(metric, sample, scale))
        lists = Lists.trained(ready, rows)
        quantizer = _quantizer(ready.shape[1])
        if codebook:
            packing.copy_centroids(codebook.index.pq, quantizer)
        else:
            quantizer.train(ready[:_TRAINED])
        quantizer.sync_transposed_centroids()  # encodes the same in three quarters of the time
        return cls(metric, sample.shape[1], scale, lists, quantizer)

    def add(self, rows: RowNumbers, values: FloatArray) -> FloatArray:
        """Encode raw `values` (n, d) as the rows of these numbers; returns them prepared."""
        ready = prepared(self._metric, values, self.scale)
        self._rows.append(rows)
        self._codes.append(self._quantizer.compute_codes(ready))
        self._places.append(self._lists.of(ready))
        return ready

    def loss(self, values: FloatArray) -> float:
        """The mean squared distance from raw `values` (n, d) to what their codes stand for."""
        ready = prepared(self._metric, values, self.scale)
        ready -= self._quantizer.decode(self._quantizer.compute_codes(ready))
        return float(np.vecdot(ready, ready).mean())

    def codes(self) -> Codes:
        """The codes of all rows so far, one or more."""
        index = self._index()
        for parts in (self._rows, self._codes, self._places):
            parts[:] = [np.concatenate(parts)]
        [rows], [codes], [lists] = self._rows, self._codes, self._places
        filled = packing.filled(index, rows, codes, lists)
        return Codes(self._metric, self._dimensions, self.scale, filled)

    def _index(self) -> Any:
        to_lists, to_rows = _SPACES[self._metric]
        coarse = _coarse(self._lists.centroids, to_lists)
        return packing.empty(coarse, self._lists.count, self._quantizer, to_rows)


def sample_size(rows: int) -> int:
    """How many rows to train on."""
    return min(rows, max(_TRAINED, sample_for(rows)))


def _coarse(centroids: FloatArray, space: int) -> Any:
    """Finds the lists near a query by codes of their centroids, which are finer than those of rows.

    They are as good as the centroids themselves; with many lists those for FastScan are ten times
    as fast, but they take a training.
    """
    width = centroids.shape[1]
    if len(centroids) <= FEW_LISTS:
        few = faiss.IndexScalarQuantizer(width, faiss.ScalarQuantizer.QT_8bit_uniform, space)
        few.train(centroids)
        few.add(centroids)
        return few
    coarse = faiss.IndexPQFastScan(width, groups_of(width, _COARSE_GROUP), 4, space)
    _set_up(coarse.pq)
    coarse.train(_enough(centroids))
    coarse.add(centroids)
    return coarse


def _quantizer(width: int) -> Any:
    quantizer = faiss.ProductQuantizer(width, groups_of(width, GROUP), 4)
    _set_up(quantizer)
    return quantizer


def _set_up(quantizer: Any) -> None:
    quantizer.cp.niter = _ITERATIONS
    quantizer.cp.min_points_per_centroid = 1
    quantizer.cp.seed = _SEED


def _enough(ready: FloatArray) -> FloatArray:
    """At least a point for each of a quantiser's 16 values: of few rows, some come again."""
    return ready if len(ready) >= _VALUES else np.resize(ready, (_VALUES, ready.shape[1]))


def _scale(metric: Metric, sample: FloatArray) -> float:
    """A factor that brings the values near 1, so that their squares neither over- nor underflow."""
    if metric is Metric.COSINE:
        return 1.0
    largest = float(np.sqrt(np.square(sample.astype(np.float64)).sum(axis=1).max()))
    return min(1 / largest, _LARGEST_SCALE) if largest > 0 else 1.0
