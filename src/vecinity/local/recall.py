"""How deep to look into a block: measured when it is built, asked for at every query.

A sample of the block's own rows is searched exactly. Where each true neighbour's list stands in
the order of probing, and where the neighbour stands in the order of the codes, says how many lists
to probe and how many proposals to score for a wanted recall.
"""

from __future__ import annotations

import bisect
import operator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from vecinity.local.codes import Codes
from vecinity.local.rows import RowNumbers
from vecinity.metric import FloatArray

RANKS = (10, 30, 100, 300)
"""The curves are of the neighbours up to each of these ranks."""

MISSES = tuple(0.2 * 2 ** (-n / 2) for n in range(18))
"""Shares of the neighbours that may be missed, from 20 % down to 0.06 %."""

DEEPEST = 4_096
"""Neighbours that stand below this many proposals count as lost."""

_LISTS_SHARE = 0.5
_CAUTION = 0.6
_STRANGER = 3
"""A query from outside is as hard as a row's neighbours of this many times the rank."""


@dataclass(frozen=True, slots=True)
class Curves:
    """What was measured. Both tables are of shape (len(RANKS), len(MISSES)).

    Attributes:
        lists: how many lists to probe; the last entry of all is every list.
        depths: how many proposals to score; above DEEPEST means that no depth is enough.
    """

    lists: npt.NDArray[np.int64]
    depths: npt.NDArray[np.int64]

    def plan(self, k: float, recall: float) -> tuple[int, int] | None:
        """(lists, proposals) that find the nearest `k` with `recall`; None: no depth is enough."""
        rank = _STRANGER * k
        row = min(bisect.bisect_left(RANKS, rank), len(RANKS) - 1)
        misses = (1 - recall) * _CAUTION
        lists = int(self.lists[row, _level(misses * _LISTS_SHARE)])
        depth = int(self.depths[row, _level(misses * (1 - _LISTS_SHARE))])
        if depth > DEEPEST:
            return None
        # beyond the last rank measured, depth grows with it, and so do lists, until all are read
        beyond = max(1.0, rank / RANKS[-1])
        return int(lists * beyond), int(depth * beyond)

    @classmethod
    def measured(cls, codes: Codes, queries: FloatArray, neighbors: RowNumbers) -> Self:
        """Measure finished `codes`.

        Args:
            queries: raw rows, shape (n, d).
            neighbors: the rows nearest to each, without itself, best first; -1 where there are no
                more; shape (n, RANKS[-1]).
        """
        rows = codes.rows()
        list_of = np.repeat(np.arange(codes.lists), codes.list_sizes())
        order = np.argsort(rows)
        found = np.searchsorted(rows[order], neighbors)
        lists_of_neighbors = list_of[order[np.minimum(found, len(rows) - 1)]]
        list_places = np.empty(neighbors.shape, np.int64)
        depth_places = np.full(neighbors.shape, DEEPEST, np.int64)
        depth = min(DEEPEST, len(rows))
        for number, query in enumerate(queries):
            prepared = codes.prepare(query)
            places = np.empty(codes.lists, np.int64)
            places[codes.nearest_lists(prepared, codes.lists)] = np.arange(codes.lists)
            list_places[number] = places[lists_of_neighbors[number]]
            proposed = codes.propose(prepared, codes.lists, depth, None)
            depth_places[number] = _places_in(proposed, neighbors[number])
        real = neighbors >= 0
        return cls(_table(list_places, real, codes.lists), _table(depth_places, real, DEEPEST + 1))

    def to_json(self) -> dict[str, Any]:
        return {"lists": self.lists.tolist(), "depths": self.depths.tolist()}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Raises KeyError or ValueError if it is no such thing."""
        tables = [np.array(stored[name], np.int64) for name in ("lists", "depths")]
        if any(table.shape != (len(RANKS), len(MISSES)) for table in tables):
            raise ValueError("curves of another shape")
        return cls(*tables)


def _level(misses: float) -> int:
    """The entry of MISSES for at most this share; the last one if it is smaller than all."""
    return min(bisect.bisect_left(MISSES, -misses, key=operator.neg), len(MISSES) - 1)


def _places_in(proposed: RowNumbers, wanted: RowNumbers) -> RowNumbers:
    """Where each of `wanted` stands in `proposed`; DEEPEST if nowhere."""
    if not len(proposed):
        return np.full(wanted.shape, DEEPEST, np.int64)
    order = np.argsort(proposed)
    found = np.minimum(np.searchsorted(proposed[order], wanted), len(proposed) - 1)
    places = order[found]
    return np.where(proposed[places] == wanted, places, DEEPEST)


def _table(
    places: npt.NDArray[np.int64], real: npt.NDArray[np.bool_], most: int
) -> npt.NDArray[np.int64]:
    """For each rank and share of misses, how many places hold enough of the neighbours."""
    table = np.empty((len(RANKS), len(MISSES)), np.int64)
    for number, rank in enumerate(RANKS):
        ordered = np.sort(places[:, :rank][real[:, :rank]])
        for level, misses in enumerate(MISSES):
            place = int(np.ceil(len(ordered) * (1 - misses))) - 1
            table[number, level] = ordered[place] + 1 if len(ordered) else 1
    return np.minimum(table, most)
