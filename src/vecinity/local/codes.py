"""Quantised codes of many vectors: 4-bit product quantisation in inverted lists, read by FastScan.

A code takes an eighth of the dimensions in bytes, and stands in one list, or in two. Codes only
propose rows, by their numbers; whoever asks scores the proposals exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from vecinity.local import code_file
from vecinity.local.bits import Bits
from vecinity.local.norms import lengths
from vecinity.local.packing import Filled
from vecinity.local.rows import RowNumbers
from vecinity.metric import FloatArray, Metric, unit

GROUP = 4
"""So many values of a row make 4 bits of its code."""

_GROUPED_FROM = 32
_SCAN = 11
_SAMPLED_A_LIST = 8
_FARTHEST = 1e36
"""How far lists are that are too far for codes to tell; float32 holds their reaches too."""


class Codes:
    """Codes of rows, ready to be scanned. Immutable.

    `index` is faiss's IndexIVFPQFastScan, its ids are row numbers. A row is in `copies` of the
    `lists` lists.
    """

    def __init__(self, metric: Metric, dimensions: int, scale: float, filled: Filled) -> None:
        self.metric = metric
        self.dimensions = dimensions
        self.scale = scale
        self.index, self._first_copies, self._once = self._filled = filled
        # of faiss's ways to scan the fastest for one query: list by list, into a reservoir
        self.index.implem = _SCAN
        if self._once is not None:
            self._once.implem = _SCAN
        self._coarse = faiss.downcast_index(self.index.quantizer)
        self.lists: int = self.index.nlist
        self.copies = 2 if self.index.ntotal > self._first_copies.sum() else 1
        self._no_distances = np.zeros(self.lists, np.float32)
        self._unused = faiss.swig_ptr(self._no_distances)  # faiss takes them, without a use
        self._is_euclidean = metric is Metric.EUCLIDEAN
        self._lists_by_product = self._coarse.metric_type == faiss.METRIC_INNER_PRODUCT
        self._rows_by_product = self.index.metric_type == faiss.METRIC_INNER_PRODUCT
        self._padding = self.index.d - dimensions
        self.weights = np.sqrt(np.arange(1, self.lists + 1, dtype=np.float32))
        self._plain: dict[int, Any] = {}

    def prepare(self, query: FloatArray, known: Prepared | None = None) -> Prepared:
        """A query (d,) as these codes compare it: of unit length for products.

        Args:
            known: the same query as other codes of the index compare it, which spares the work.
        """
        if known and (self.metric is not Metric.EUCLIDEAN or known.codes.scale == self.scale):
            return Prepared(self, known.values)
        if self.metric is Metric.EUCLIDEAN:
            ready = prepared(self.metric, query[np.newaxis], self.scale)
        else:
            ready = unit(query)[np.newaxis]
            if self._padding:
                ready = np.pad(ready, ((0, 0), (0, self._padding)))
        return Prepared(self, ready)

    def propose(
        self, query: Prepared, lists: RowNumbers, depth: int, allowed: Bits | None
    ) -> tuple[RowNumbers, FloatArray]:
        """Up to `depth` rows of these lists that look nearest to a query, best first.

        Args:
            lists: numbers of lists, nearest first is fastest.
            depth: counts a row twice that is in two of the lists.
            allowed: only rows whose bit is set; None means all.

        Returns:
            Row numbers, each up to `copies_in(lists)` times; and how far their codes are, smaller
            is better: distances for euclidean, their squares for cosine, else negative products,
            of prepared values.
        """
        found, distances = np.empty(depth, np.int64), np.empty(depth, np.float32)
        probed = len(lists)
        index = self.index if self._once is None or probed < self.lists else self._once
        index.search_preassigned_c(
            1,
            faiss.swig_ptr(query.values),
            depth,
            faiss.swig_ptr(lists),
            self._unused,
            faiss.swig_ptr(distances),
            faiss.swig_ptr(found),
            False,
            self._parameters(probed) if allowed is None else _selecting(probed, allowed),
        )
        return self._found(found, distances, self._rows_by_product)

    def copies_in(self, lists: RowNumbers) -> int:
        """How often `propose` can find a row in these lists."""
        return self.copies if len(lists) < self.lists else 1

    def nearest_lists(self, values: FloatArray, most: int) -> tuple[RowNumbers, FloatArray]:
        """Up to `most` lists near to a query (1, w), nearest first, and how far by their codes."""
        if self.lists == 1:
            return np.zeros(1, np.int64), np.zeros(1, np.float32)
        most = min(most, self.lists)
        found, distances = np.empty(most, np.int64), np.empty(most, np.float32)
        self._coarse.search_c(
            1,
            faiss.swig_ptr(values),
            most,
            faiss.swig_ptr(distances),
            faiss.swig_ptr(found),
        )
        lists, to_lists = self._found(found, distances, self._lists_by_product)
        if len(lists) < most:  # what is too far for the scan's 16 bits
            farther = np.setdiff1d(np.arange(self.lists), lists)[: most - len(lists)]
            lists = np.append(lists, farther)
            to_lists = np.append(to_lists, np.full(len(farther), _FARTHEST, np.float32))
        return lists, to_lists

    def rows(self, copy: int = 0) -> RowNumbers:
        """All rows, list by list as their first or second copies stand."""
        return np.concatenate([self._ids(number, copy) for number in range(self.lists)])

    def list_sizes(self, copy: int = 0) -> npt.NDArray[np.int64]:
        """How many first or second copies each list has."""
        if copy == 0:
            return self._first_copies
        sizes = [self.index.invlists.list_size(number) for number in range(self.lists)]
        return np.array(sizes, np.int64) - self._first_copies

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

    def write(self, write: Callable[[bytes], object]) -> int:
        """Give the codes to `write`, part by part; returns what `read` needs to know."""
        return code_file.write(self._filled, write)

    @classmethod
    def read(cls, path: Path, start: int, metric: Metric, dimensions: int, scale: float) -> Codes:
        """The codes that `write` put at the start of a file; removing the file does no harm.

        Raises:
            RuntimeError, ValueError, OSError
        """
        return cls(metric, dimensions, scale, code_file.read(path, start))

    def _found(
        self, found: RowNumbers, distances: FloatArray, by_product: bool
    ) -> tuple[RowNumbers, FloatArray]:
        """What faiss found without the places that it left empty, smaller is better.

        Squared distances stay so for cosine only: their errors are alike near and far, as those of
        products are, while for euclidean those of the distances themselves are.
        """
        if by_product:
            np.negative(distances, out=distances)
        elif self._is_euclidean:
            np.sqrt(np.maximum(distances, 0, out=distances), out=distances)
        if found[-1] >= 0:
            return found, distances
        count = int((found >= 0).sum())
        return found[:count], distances[:count]

    def _ids(self, number: int, copy: int = 0) -> RowNumbers:
        """The rows of a list by their first or second copies, there as long as the index is."""
        lists = self.index.invlists
        size = lists.list_size(number)
        if not size:
            return np.empty(0, np.int64)
        ids: RowNumbers = faiss.rev_swig_ptr(lists.get_ids(number), size)
        firsts = self._first_copies[number]
        return ids[:firsts] if copy == 0 else ids[firsts:]

    def _parameters(self, nprobe: int) -> Any:
        found = self._plain.get(nprobe)
        if found is None:
            found = self._plain[nprobe] = faiss.IVFSearchParameters(nprobe=nprobe)
        return found


class Prepared:
    """A query as `codes` compare it: `values` (1, w). For one thread."""

    def __init__(self, codes: Codes, values: FloatArray) -> None:
        self.values = values
        self.codes = codes
        self._lists = np.empty(0, np.int64)
        self._distances = np.empty(0, np.float32)

    def nearest_lists(self, most: int, reach: float = np.inf) -> RowNumbers:
        """Up to `most` lists whose own `reaches` are no more than `reach`, nearest first."""
        if reach == np.inf:
            self._know(most)
            return self._lists[:most]
        end = self.reaches(most).searchsorted(reach, "right")
        return self._lists[:end]

    def reaches(self, most: int) -> FloatArray:
        """How far one must reach for each of up to `most` lists, nearest first; 0 for that one.

        It is how much farther than the nearest a list is, times the root of its place. Neither
        tells as much alone: for a query that is far from all of them many lists are hardly farther
        than the nearest, and for one that is near to a list even the next ones are much farther.
        """
        self._know(most)
        reaches: FloatArray = self._distances[:most] - self._distances[0]
        reaches *= self.codes.weights[: len(reaches)]
        return reaches

    @property
    def nearest(self) -> float:
        """How far the nearest list is."""
        self._know(1)
        return float(self._distances[0])

    def _know(self, lists: int) -> None:
        if len(self._lists) < min(lists, self.codes.lists):
            self._lists, self._distances = self.codes.nearest_lists(self.values, lists)


def prepared(metric: Metric, values: FloatArray, scale: float) -> FloatArray:
    """Raw rows (n, d) as codes compare them: of unit length for cosine, else scaled; padded."""
    if metric is Metric.COSINE:
        norms = lengths(np.ascontiguousarray(values))
        norms[norms == 0] = 1
        ready = values / norms[:, np.newaxis]
    else:
        ready = values * np.float32(scale)
    over = ready.shape[1] % GROUP
    if over and ready.shape[1] >= _GROUPED_FROM:
        ready = np.pad(ready, ((0, 0), (0, GROUP - over)))
    return np.ascontiguousarray(ready)


def groups_of(width: int, group: int) -> int:
    """Into how many parts a quantiser splits prepared values of this width, `group` in each."""
    return width // group if width >= _GROUPED_FROM else width


def _selecting(nprobe: int, allowed: Bits) -> Any:
    selector = faiss.IDSelectorBitmap(allowed)
    return faiss.IVFSearchParameters(nprobe=nprobe, sel=selector)
