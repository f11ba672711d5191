"""The L2 norms of rows, each computed once: when it is first asked for."""

from __future__ import annotations

import faiss
import numpy as np

from vecinity.local.rows import RowNumbers
from vecinity.local.values import Values
from vecinity.metric import FloatArray

_TOO_SMALL = 1e-18
_ROWS_A_STEP = 4_096


class Norms:
    """Norms by row number; a row never changes. Safe for threads: at worst two compute the same."""

    def __init__(self) -> None:
        self._known: FloatArray = np.empty(0, np.float32)

    def of(self, rows: RowNumbers, values: Values) -> FloatArray:
        """The norms of ascending `rows`, one or more, which are stored in `values`."""
        known = self._known
        if rows[-1] >= len(known):
            known = self._known = _grown(known, int(rows[-1]) + 1)
        norms: FloatArray = known[rows]
        unknown = np.flatnonzero(np.isnan(norms))
        if len(unknown):
            norms[unknown] = _computed(rows[unknown], values)
            known[rows[unknown]] = norms[unknown]
        return norms


def _grown(known: FloatArray, rows: int) -> FloatArray:
    grown = np.full(max(rows, 2 * len(known)), np.nan, np.float32)
    grown[: len(known)] = known
    return grown


def _computed(rows: RowNumbers, values: Values) -> FloatArray:
    norms = np.empty(len(rows), np.float32)
    for segment, places, span in values.by_segment(rows):
        out = norms[span]
        for start in range(0, len(places), _ROWS_A_STEP):
            some = places[start : start + _ROWS_A_STEP]
            first, end = int(some[0]), int(some[-1]) + 1
            together = end - first == len(some)
            of_some = segment.values[first:end] if together else segment.values[some]
            out[start : start + len(some)] = lengths(of_some)
    return norms


def lengths(values: FloatArray) -> FloatArray:
    """L2 norms of contiguous rows (n, d), right also where squares underflow float32."""
    norms = np.empty(len(values), np.float32)
    faiss.fvec_norms_L2(faiss.swig_ptr(norms), faiss.swig_ptr(values), values.shape[1], len(values))
    small = np.flatnonzero(norms < _TOO_SMALL)
    if len(small):
        norms[small] = np.sqrt(np.square(values[small].astype(np.float64)).sum(axis=1))
    return norms
