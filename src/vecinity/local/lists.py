"""The lists of a block: where rows stand, so that a query reads the few lists near to it.

A query that misses a row in its nearest list misses it because the row lies off that list's
centroid in the direction where the query is. So in a large block, but not in the largest, a row
stands in a second list, not the second nearest, but one that is near in another direction (SOAR,
arXiv:2404.00774): a third as much is read for the same recall.
"""

from __future__ import annotations

import math
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from vecinity.metric import FloatArray

ListNumbers = npt.NDArray[np.int64]

_ONE_LIST = 8_192
_TWO_COPIES = 200_000
"""In smaller blocks what twice as many lists cost eats up what they save."""

_ONE_COPY_AGAIN = 4_000_000
"""Larger blocks would take more memory to build than there may be: 5.7 GB for 10 M rows."""

FEW_LISTS = 256
"""So many are trained together, of more rows each: a tenth less is read for the same recall. More
lists would take too long so; they are trained in groups."""

_TRAINED_A_LIST = 32
_TRAINED_A_FEW = 64
_TRAINED_LEAST = 8
_ITERATIONS = 10
_SEED = 1_234

_ALL_COMPARED = 1_024
_GROUP = 16
_NEAR_GROUPS = 12
_NEAR_LISTS = 12
_ORTHOGONAL = 1.5
"""How much dearer an offset in the direction of the first list's is than any other."""


def copies_for(rows: int) -> int:
    """In how many lists each of so many rows stands."""
    return 2 if _TWO_COPIES <= rows < _ONE_COPY_AGAIN else 1


def lists_for(rows: int, sample: int) -> int:
    """How many lists `rows` rows are spread over, given a sample to train on."""
    if rows < _ONE_LIST:
        return 1
    wanted = math.sqrt(rows)
    if rows < _TWO_COPIES:
        wanted /= 2
    elif copies_for(rows) > 1:
        wanted *= 4
    return max(1, min(_power_of_2(wanted), sample // _TRAINED_LEAST))


def sample_for(rows: int) -> int:
    """How many rows to train the lists of `rows` rows on; more than that are welcome."""
    count = lists_for(rows, rows)
    return count * (_TRAINED_A_FEW if count <= FEW_LISTS else _TRAINED_A_LIST)


class Lists:
    """Trained lists. `centroids` is float32 of shape (lists, w).

    Args:
        copies: in how many lists each row stands, 1 or 2.
    """

    def __init__(self, centroids: FloatArray, copies: int) -> None:
        self.centroids = centroids
        self.count = len(centroids)
        self.copies = min(copies, self.count)
        self._nearest = _searched(centroids)
        self._apart = _squares_between(centroids) if self.copies > 1 else None

    @classmethod
    def trained(cls, sample: FloatArray, rows: int) -> Lists:
        """Lists for `rows` rows like those of `sample` (n, w), which are prepared."""
        count = lists_for(rows, len(sample))
        if count == 1:
            return cls(np.zeros((1, sample.shape[1]), np.float32), 1)
        if count <= FEW_LISTS:
            return cls(_centroids(sample[: _TRAINED_A_FEW * count], count), copies_for(rows))
        groups = _power_of_2(math.sqrt(count))
        members = _kmeans(sample, groups).search(sample, 1)[1][:, 0]
        parts = [
            _centroids(sample[members == group], share)
            for group, share in enumerate(_shares(np.bincount(members, minlength=groups), count))
            if share
        ]
        return cls(np.concatenate(parts), copies_for(rows))

    def of(self, values: FloatArray) -> ListNumbers:
        """The lists that prepared `values` (n, w) belong to, nearest first, shape (n, copies)."""
        if self.count == 1:
            return np.zeros((len(values), 1), np.int64)
        if self._apart is None:
            nearest: ListNumbers = self._nearest.search(values, 1)[1]
            return nearest
        squares, found = self._nearest.search(values, min(_NEAR_LISTS, self.count))
        first = found[:, :1]
        to_first = squares[:, :1]
        # by the law of cosines: the two offsets' product, whose share along the first one counts
        product = (to_first + squares - self._apart[first, found]) / 2
        along = np.square(product) / np.maximum(to_first, np.finfo(np.float32).tiny)
        loss = squares + _ORTHOGONAL * np.where(to_first > 0, along, 0)
        loss[found < 0] = np.inf
        loss[:, 0] = np.inf
        second = np.take_along_axis(found, loss.argmin(axis=1)[:, np.newaxis], axis=1)
        return np.hstack([first, np.where(second < 0, first, second)])


def _squares_between(centroids: FloatArray) -> FloatArray:
    """The squared distance of each to each other."""
    squares = np.vecdot(centroids, centroids)
    apart: FloatArray = centroids @ centroids.T  # of many lists the largest array of all
    apart *= -2
    apart += squares
    apart += squares[:, np.newaxis]
    return apart


def _searched(centroids: FloatArray) -> Any:
    """Finds the nearest of `centroids`; of many, among those of the nearest small groups."""
    count, width = centroids.shape
    if count <= _ALL_COMPARED:
        index = faiss.IndexFlatL2(width)
    else:
        groups = count // _GROUP
        index = faiss.IndexIVFFlat(_kmeans(centroids, groups), width, groups)
        index.is_trained = True
        index.nprobe = _NEAR_GROUPS
    index.add(centroids)
    return index


def _power_of_2(number: float) -> int:
    """The one nearest to `number`."""
    return 1 << max(0, round(math.log2(number)))


def _shares(sizes: ListNumbers, count: int) -> ListNumbers:
    """`count` centroids dealt out in proportion to `sizes`, never more to one than its size."""
    exact = sizes * (count / sizes.sum())
    shares: ListNumbers = np.minimum(exact.astype(np.int64), sizes)
    largest_remainders = np.argsort(shares - exact, kind="stable")
    shares[largest_remainders[: count - int(shares.sum())]] += 1
    return shares


def _kmeans(sample: FloatArray, count: int) -> Any:
    """An index of `count` centroids."""
    kmeans = faiss.Kmeans(
        sample.shape[1], int(count), niter=_ITERATIONS, seed=_SEED, min_points_per_centroid=1
    )
    kmeans.train(sample)
    return kmeans.index


def _centroids(sample: FloatArray, count: int) -> FloatArray:
    centroids: FloatArray = _kmeans(sample, count).reconstruct_n(0, int(count))
    return centroids
