"""Quantised codes of many vectors: 4-bit product quantisation in inverted lists, read by FastScan.

A code takes an eighth of a float32 row's dimensions in bytes. Codes only propose rows, by their
numbers; whoever asks scores the proposals exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from vecinity.local.bits import Bits
from vecinity.local.norms import lengths
from vecinity.local.rows import RowNumbers
from vecinity.metric import FloatArray, Metric, unit

_VALUES = 16
_GROUP = 4
_GROUPED_FROM = 32
_ONE_LIST = 8_192
_TRAINED_A_LIST = 40
_TRAINED_CODEBOOK = 8_192
_ITERATIONS = 10
_SCAN = 11
_SEED = 1_234
_SAMPLED_A_LIST = 8
_LARGEST_SCALE = 1e38
"""Larger factors are no float32."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A query as codes compare it: `values` (1, w), and how far each list is from it (lists,)."""

    values: FloatArray
    to_lists: FloatArray

    def nearest_lists(self, most: int, reach: float = np.inf) -> RowNumbers:
        """Up to `most` lists that are no more than `reach` farther than the nearest, in order."""
        near = np.flatnonzero(self.to_lists <= self.to_lists.min() + reach)
        if len(near) > most:
            near = near[self.to_lists[near].argpartition(most - 1)[:most]]
        return near[self.to_lists[near].argsort()]


class Codes:
    """Codes of rows, ready to be scanned. Immutable but for what `add` does while it is built.

    `index` is faiss's, its ids are row numbers.
    """

    def __init__(self, metric: Metric, dimensions: int, scale: float, index: Any) -> None:
        self.metric = metric
        self.dimensions = dimensions
        self.scale = scale
        self.index = index
        # of faiss's ways to scan the fastest for one query: list by list, into a reservoir
        index.implem = _SCAN
        self.lists: int = index.nlist
        self._padding = index.d - dimensions
        self._plain: dict[int, Any] = {}

    @classmethod
    def trained(
        cls, metric: Metric, sample: FloatArray, rows: int, codebook: Codes | None
    ) -> Codes:
        """Empty codes for `rows` rows like those of `sample` (n, d), which is raw.

        Args:
            codebook: take its quantiser instead of training one.
        """
        dimensions = sample.shape[1]
        scale = codebook.scale if codebook else _scale(metric, sample)
        ready = _enough(prepared(metric, sample, scale))
        lists = lists_for(rows, len(sample))
        centroids = _centroids(ready, lists)
        space = faiss.METRIC_L2 if metric is Metric.EUCLIDEAN else faiss.METRIC_INNER_PRODUCT
        width = ready.shape[1]
        groups = width // _GROUP if width >= _GROUPED_FROM else width
        assigner = _flat(faiss.IndexFlatL2, centroids)
        index = faiss.IndexIVFPQFastScan(assigner, width, lists, groups, 4, space)
        index.by_residual = False
        if codebook is None:
            index.pq.cp.niter = _ITERATIONS
            index.pq.cp.min_points_per_centroid = 1
            index.pq.cp.seed = _SEED
            index.pq.train(ready[:_TRAINED_CODEBOOK])
        else:
            faiss.copy_array_to_vector(
                faiss.vector_to_array(codebook.index.pq.centroids), index.pq.centroids
            )
        index.is_trained = True
        return cls(metric, dimensions, scale, index)

    def add(self, rows: RowNumbers, values: FloatArray) -> FloatArray:
        """Encode raw `values` (n, d) as the rows of these numbers; returns them prepared."""
        ready = prepared(self.metric, values, self.scale)
        self.index.add_with_ids(ready, rows)
        return ready

    def finish(self) -> None:
        """All is added: from now on lists are probed by the metric itself."""
        if self.metric is Metric.EUCLIDEAN:
            return
        # lists are made by distance, or long vectors would crowd into few of them
        centroids = self.index.quantizer.reconstruct_n(0, self.lists)
        self.index.quantizer = _flat(faiss.IndexFlatIP, centroids)

    def prepare(self, query: FloatArray) -> Prepared:
        """A query (d,) as these codes compare it: of unit length for products."""
        if self.metric is Metric.EUCLIDEAN:
            ready = prepared(self.metric, query[np.newaxis], self.scale)
        else:
            ready = unit(query)[np.newaxis]
            if self._padding:
                ready = np.pad(ready, ((0, 0), (0, self._padding)))
        return Prepared(ready, self._list_distances(ready[0]))

    def propose(
        self, query: Prepared, lists: RowNumbers, depth: int, allowed: Bits | None
    ) -> tuple[RowNumbers, FloatArray]:
        """Up to `depth` rows that look nearest to a prepared query in these lists, best first.

        Args:
            lists: numbers of lists, nearest first is fastest.
            allowed: only rows whose bit is set; None means all.

        Returns:
            Row numbers and distances by the codes, smaller is better, of prepared values.
        """
        found = np.empty((1, depth), np.int64)
        distances = np.empty((1, depth), np.float32)
        probed = len(lists)
        to_lists = np.zeros(probed, np.float32)  # which faiss takes, but has no use for here
        self.index.search_preassigned_c(
            1,
            faiss.swig_ptr(query.values),
            depth,
            faiss.swig_ptr(lists),
            faiss.swig_ptr(to_lists),
            faiss.swig_ptr(distances),
            faiss.swig_ptr(found),
            False,
            self._parameters(probed) if allowed is None else _selecting(probed, allowed),
        )
        if self.metric is Metric.EUCLIDEAN:
            distances = _root(distances)
        else:
            np.negative(distances, out=distances)
        if found[0, -1] >= 0:
            return found[0], distances[0]
        count = int((found[0] >= 0).sum())
        return found[0, :count], distances[0, :count]

    def _list_distances(self, query: FloatArray) -> FloatArray:
        """How far the lists are from a query (w,), by their centroids."""
        products: FloatArray = np.vecdot(self._centroids, query)
        if self.metric is not Metric.EUCLIDEAN:
            return np.negative(products, out=products)
        return _root(self._centroid_squares - 2 * products + np.vecdot(query, query))

    @cached_property
    def _centroids(self) -> FloatArray:
        centroids: FloatArray = self.index.quantizer.reconstruct_n(0, self.lists)
        return centroids

    @cached_property
    def _centroid_squares(self) -> FloatArray:
        squares: FloatArray = np.vecdot(self._centroids, self._centroids)
        return squares

    def rows(self) -> RowNumbers:
        """The rows that are encoded here, list by list."""
        return np.concatenate([self._ids(number) for number in range(self.lists)])

    def list_sizes(self) -> npt.NDArray[np.int64]:
        sizes = [self.index.invlists.list_size(number) for number in range(self.lists)]
        return np.array(sizes, np.int64)

    @cached_property
    def samples(self) -> RowNumbers:
        """Some rows of each list, shape (lists, n), to guess how many of a list a filter takes.

        A short list's rows repeat; for an empty list another one's stand there.
        """
        sampled = np.empty((self.lists, _SAMPLED_A_LIST), np.int64)
        filled = np.flatnonzero(self.list_sizes())
        for number in filled.tolist():
            ids = self._ids(number)
            places = np.linspace(0, len(ids) - 1, _SAMPLED_A_LIST).astype(np.int64)
            sampled[number] = ids[places]
        empty = np.setdiff1d(np.arange(self.lists), filled)
        sampled[empty] = sampled[filled[empty % len(filled)]]
        return sampled

    def to_bytes(self) -> npt.NDArray[np.uint8]:
        serialized: npt.NDArray[np.uint8] = faiss.serialize_index(self.index)
        return serialized

    @classmethod
    def read(cls, path: Path, metric: Metric, dimensions: int, scale: float) -> Codes:
        """The codes that `to_bytes` put at the start of a file. Raises RuntimeError."""
        return cls(metric, dimensions, scale, faiss.read_index(str(path)))

    def _ids(self, number: int) -> RowNumbers:
        """The rows of a list: not a copy, there as long as the index is."""
        lists = self.index.invlists
        size = lists.list_size(number)
        if not size:
            return np.empty(0, np.int64)
        ids: RowNumbers = faiss.rev_swig_ptr(lists.get_ids(number), size)
        return ids

    def _parameters(self, nprobe: int) -> Any:
        found = self._plain.get(nprobe)
        if found is None:
            found = self._plain[nprobe] = faiss.IVFSearchParameters(nprobe=nprobe)
        return found


def prepared(metric: Metric, values: FloatArray, scale: float) -> FloatArray:
    """Raw rows (n, d) as codes compare them: of unit length for cosine, else scaled; padded."""
    if metric is Metric.COSINE:
        norms = lengths(np.ascontiguousarray(values))
        norms[norms == 0] = 1
        ready = values / norms[:, np.newaxis]
    else:
        ready = values * np.float32(scale)
    over = ready.shape[1] % _GROUP
    if over and ready.shape[1] >= _GROUPED_FROM:
        ready = np.pad(ready, ((0, 0), (0, _GROUP - over)))
    return np.ascontiguousarray(ready)


def lists_for(rows: int, sample: int) -> int:
    """How many lists `rows` rows are spread over, given a sample to train on."""
    if rows < _ONE_LIST:
        return 1
    wanted: int = 2 ** round(float(np.log2(rows)) / 2)
    return max(1, min(wanted, sample // 8))


def sample_size(rows: int) -> int:
    """How many rows to train on."""
    return min(rows, max(_TRAINED_CODEBOOK, _TRAINED_A_LIST * lists_for(rows, rows)))


def _enough(ready: FloatArray) -> FloatArray:
    """At least a point for each of a quantiser's 16 values: of few rows, some come again."""
    return ready if len(ready) >= _VALUES else np.resize(ready, (_VALUES, ready.shape[1]))


def _root(squares: FloatArray) -> FloatArray:
    """Distances: unlike their squares, their errors are alike near and far."""
    return np.sqrt(np.maximum(squares, 0, out=squares), out=squares)


def _scale(metric: Metric, sample: FloatArray) -> float:
    """A factor that brings the values near 1, so that their squares neither over- nor underflow."""
    if metric is Metric.COSINE:
        return 1.0
    largest = float(np.sqrt(np.square(sample.astype(np.float64)).sum(axis=1).max()))
    return min(1 / largest, _LARGEST_SCALE) if largest > 0 else 1.0


def _centroids(ready: FloatArray, lists: int) -> FloatArray:
    if lists == 1:
        return np.zeros((1, ready.shape[1]), np.float32)
    kmeans = faiss.Kmeans(
        ready.shape[1], lists, niter=_ITERATIONS, seed=_SEED, min_points_per_centroid=1
    )
    kmeans.train(ready)
    centroids: FloatArray = kmeans.centroids
    return centroids


def _flat(kind: Any, centroids: FloatArray) -> Any:
    index = kind(centroids.shape[1])
    index.add(centroids)
    return index


def _selecting(nprobe: int, allowed: Bits) -> Any:
    selector = faiss.IDSelectorBitmap(allowed)
    return faiss.IVFSearchParameters(nprobe=nprobe, sel=selector)
