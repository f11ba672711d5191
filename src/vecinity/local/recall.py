"""How deep to look into a block: measured when it is built, asked for at every query.

A sample of the block's own rows is searched exactly. How far one must reach for a true
neighbour's list says which lists to probe for a wanted recall, and how far behind the k-th
proposal a true neighbour can look, by its code, which proposals are worth an exact score: such
margins are much the same for all queries, while counts of lists and of proposals are not.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import faiss
import numpy as np
import numpy.typing as npt

from vecinity.local.codes import Codes
from vecinity.local.rows import RowNumbers
from vecinity.metric import FloatArray

RANKS = (1, 3, 10, 30, 100, 300)
"""The curves are of the neighbours up to each of these ranks."""

MISSES = tuple(0.2 * 2 ** (-n / 2) for n in range(24))
"""Shares of the neighbours that may be missed, from 20 % down to 0.007 %."""

_RISING = tuple(-misses for misses in MISSES)

DEEPEST = 4_096
"""Neighbours that stand below this many proposals count as lost."""

_KNOWN_PLANS = 100
_TABLES = ("lists", "reaches", "depths", "margins")
_LISTS_SHARE = 0.8
_CAUTION = 0.7
_STRANGER = 3
"""A query from outside is as hard as a row's neighbours of this many times the rank."""

_DEEP_ENOUGH = 0.97
_STRANGERS_DEPTH = 1.5
"""By so many times the proposals that so many of the sample need, most queries are answered at
once; others ask for more."""

_MOST_LISTS = 2
_LEAST_RANK = 10
"""Of nearer neighbours the sample has too few to count lists by them."""


class Plan(NamedTuple):
    """How deep to look.

    Attributes:
        lists: how many lists to probe, as a rule.
        reach: how far they may be, see `Prepared.reaches`; inf: as many as there are.
        depth: how many proposals to ask for at first.
        margin: how much worse than the k-th of them, by the codes' distance, deserves a score.
    """

    lists: int
    reach: float
    depth: int
    margin: float

    @property
    def most_lists(self) -> int:
        """A hard query may probe so many."""
        return self.lists if self.reach == math.inf else _MOST_LISTS * self.lists


@dataclass(frozen=True, slots=True)
class Curves:
    """What was measured. All but `usual` are tables of shape (len(RANKS), len(MISSES)).

    Attributes:
        lists: how many of the nearest lists hold the neighbours, each in one of its lists.
        reaches: how far their lists are, see `Prepared.reaches`.
        margins: how much worse than the k-th proposal the neighbours look; inf if some are not
            even among the DEEPEST first proposals, so that no margin is enough.
        depths: how many proposals are within the margins.
        usual: how far the nearest list was at most; for queries much farther from all rows than
            that the tables promise nothing.
    """

    lists: npt.NDArray[np.int64]
    reaches: npt.NDArray[np.float64]
    depths: npt.NDArray[np.int64]
    margins: npt.NDArray[np.float64]
    usual: float
    _plans: dict[tuple[float, float, float], Plan | None] = field(
        default_factory=dict, repr=False, compare=False
    )

    def plan(self, k: float, rank: float, recall: float) -> Plan | None:
        """What finds the best `k` with `recall` where they are among the nearest `rank` of all.

        None: no depth is enough.
        """
        asked = k, rank, recall
        if asked not in self._plans:
            if len(self._plans) >= _KNOWN_PLANS:
                self._plans.clear()
            self._plans[asked] = self._planned(*asked)
        return self._plans[asked]

    def _planned(self, k: float, rank: float, recall: float) -> Plan | None:
        rank = max(_STRANGER * rank, _LEAST_RANK)
        misses = (1 - recall) * _CAUTION
        codes_level = _level(misses * (1 - _LISTS_SHARE))
        margin = float(self.margins[_row(k), codes_level])
        if not math.isfinite(margin):
            return None
        place = _row(rank), _level(misses * _LISTS_SHARE)
        lists, reach = int(self.lists[place]), float(self.reaches[place])
        depth = _STRANGERS_DEPTH * float(self.depths[_row(k), codes_level])
        # beyond the last rank measured, lists grow with it, until all are read, and so does depth
        if rank > RANKS[-1]:
            lists, reach = int(lists * rank / RANKS[-1]), math.inf
        return Plan(lists, reach, int(depth * max(1.0, k / RANKS[-1])), margin)

    @classmethod
    def measured(cls, codes: Codes, queries: FloatArray, neighbors: RowNumbers) -> Self:
        """Measure finished `codes`.

        Args:
            queries: raw rows, shape (n, d).
            neighbors: the rows nearest to each, without itself, best first; -1 where there are no
                more; shape (n, RANKS[-1]).
        """
        lists_of_neighbors = _lists_of(codes, neighbors)
        # faiss was told how many cores may be taken
        with ThreadPoolExecutor(faiss.omp_get_max_threads()) as threads:
            seen = list(
                threads.map(
                    lambda number: _seen(
                        codes, queries[number], neighbors[number], lists_of_neighbors[:, number]
                    ),
                    range(len(queries)),
                )
            )
        real = neighbors >= 0
        margins = _table(list(np.stack([each.margins for each in seen], axis=1)), real)
        places = np.array([each.lists for each in seen])
        reaches = np.array([each.reaches for each in seen])
        return cls(
            _table([places] * len(RANKS), real) + 1,
            _table([reaches] * len(RANKS), real),
            _depths(seen, margins),
            margins,
            max((each.nearest for each in seen), default=0.0),
        )

    def to_json(self) -> dict[str, Any]:
        tables = {name: getattr(self, name).tolist() for name in _TABLES}
        return {**tables, "usual": self.usual}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Raises KeyError or ValueError if it is no such thing."""
        tables = cls(
            np.array(stored["lists"], np.int64),
            np.array(stored["reaches"], np.float64),
            np.array(stored["depths"], np.int64),
            np.array(stored["margins"], np.float64),
            float(stored["usual"]),
        )
        if any(getattr(tables, name).shape != (len(RANKS), len(MISSES)) for name in _TABLES):
            raise ValueError("curves of another shape")
        return tables


def _row(rank: float) -> int:
    """The entry of RANKS for a rank, the last one if it is larger than all."""
    return min(bisect.bisect_left(RANKS, rank), len(RANKS) - 1)


def _level(misses: float) -> int:
    """The entry of MISSES for at most this share; the last one if it is smaller than all."""
    return min(bisect.bisect_left(_RISING, -misses), len(MISSES) - 1)


def _lists_of(codes: Codes, wanted: RowNumbers) -> npt.NDArray[np.int64]:
    """The lists that each of `wanted` is in, shape (copies, *wanted.shape); any for no row."""
    lists = []
    for copy in range(codes.copies):
        rows = codes.rows(copy)
        list_of = np.repeat(np.arange(codes.lists), codes.list_sizes(copy))
        order = np.argsort(rows)
        found = np.minimum(rows[order].searchsorted(wanted), len(rows) - 1)
        lists.append(list_of[order[found]])
    return np.stack(lists)


def _places_in(proposed: RowNumbers, wanted: RowNumbers) -> RowNumbers:
    """Where each of `wanted` stands in `proposed`; DEEPEST if nowhere."""
    if not len(proposed):
        return np.full(wanted.shape, DEEPEST, np.int64)
    order = np.argsort(proposed)
    found = np.minimum(np.searchsorted(proposed[order], wanted), len(proposed) - 1)
    places = order[found]
    return np.where(proposed[places] == wanted, places, DEEPEST)


class _Seen(NamedTuple):
    """What one query of the sample tells.

    Attributes:
        nearest: how far its nearest list is.
        lists: how many lists are nearer than the first one of each neighbour.
        reaches: how far that one is.
        distances: of the proposals.
        lasts: how far the last of as many proposals is as each of RANKS says.
        margins: how much worse than that each neighbour looks, shape (len(RANKS), neighbours).
    """

    nearest: float
    lists: npt.NDArray[np.int64]
    reaches: npt.NDArray[np.float64]
    distances: FloatArray
    lasts: npt.NDArray[np.float64]
    margins: npt.NDArray[np.float64]


def _seen(
    codes: Codes,
    query: FloatArray,
    neighbors: RowNumbers,
    lists_of_neighbors: npt.NDArray[np.int64],
) -> _Seen:
    prepared = codes.prepare(query)
    all_lists = prepared.nearest_lists(codes.lists)
    reaches = prepared.reaches(codes.lists).astype(np.float64)
    places = np.empty(codes.lists, np.int64)
    places[all_lists] = np.arange(codes.lists)
    lists = places[lists_of_neighbors].min(axis=0)
    proposed, distances = codes.propose(prepared, all_lists, DEEPEST, None)
    ranks = np.minimum(RANKS, max(1, len(distances))) - np.int64(1)
    lasts = np.append(distances, 0.0).astype(np.float64)[ranks]
    looks = np.append(distances, np.inf)[
        np.minimum(_places_in(proposed, neighbors), len(distances))
    ]
    margins = np.maximum(looks - lasts[:, np.newaxis], 0.0)
    return _Seen(prepared.nearest, lists, reaches[lists], distances, lasts, margins)


def _depths(seen: Sequence[_Seen], margins: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """How many proposals are within the margins (len(RANKS), len(MISSES)), for nearly all."""
    counts = [
        np.searchsorted(each.distances, each.lasts[:, np.newaxis] + margins, "right")
        for each in seen
    ]
    depths: npt.NDArray[np.int64] = np.quantile(counts, _DEEP_ENOUGH, axis=0).astype(np.int64) + 1
    return depths


def _table(places: Sequence[npt.NDArray[Any]], real: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """For each rank and share of misses, what holds enough of the neighbours; places[r] is of all
    neighbours, for RANKS[r]."""
    table = np.zeros((len(RANKS), len(MISSES)), places[0].dtype)
    for number, rank in enumerate(RANKS):
        ordered = np.sort(places[number][:, :rank][real[:, :rank]])
        for level, misses in enumerate(MISSES):
            place = int(np.ceil(len(ordered) * (1 - misses))) - 1
            table[number, level] = ordered[place] if len(ordered) else 0
    return table
