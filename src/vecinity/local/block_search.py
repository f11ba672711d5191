"""Searches the codes of one block, as deep as is needed."""

from __future__ import annotations

import math

import numpy as np

from vecinity.local.bits import Bits
from vecinity.local.block import Block
from vecinity.local.codes import Prepared
from vecinity.local.question import Question
from vecinity.local.recall import Plan
from vecinity.local.rows import RowNumbers
from vecinity.metric import FloatArray, Metric

_DEEPER = 1.15
_MOST_DEEPER = 8.0
"""So much beyond the guess is asked for when the first proposals were not deep enough, and so many
times as many at most."""

_FAR_AWAY = 1.5
"""A query is far when it is so much farther from its nearest list than rows are."""


def of_whole(block: Block, question: Question) -> RowNumbers | None:
    """The rows that are worth an exact score, ascending, where the candidates are all of a block.

    As `Proposals` finds them, in less time. None: it takes more than this to find them.
    """
    k = question.k
    plan = block.curves.plan(k, k, question.recall)
    query = block.codes.prepare(question.query)
    if plan is None or is_far(block, query):
        return None
    found = searched(block, query, plan, k, block.members)
    if found is None:
        return None
    rows, distances, kth = found
    rows = rows[: distances.searchsorted(kth + plan.margin, "right")]
    rows.sort()
    return each_once(rows) if block.codes.copies > 1 else rows


def searched(
    block: Block,
    query: Prepared,
    plan: Plan,
    k: int,
    count: int,
    allowed: Bits | None = None,
    bound: float = math.inf,
) -> tuple[RowNumbers, FloatArray, float] | None:
    """Proposals down to where the codes leave no doubt, out of `count` rows, more than k.

    Args:
        bound: the k-th nearest of all is no farther.

    Returns:
        Rows, nearest first, their distances, and that of the k-th nearest of all; None if codes
        overflowed so that too few are found.
    """
    codes = block.codes
    depth = min(max(plan.depth, 2 * k), count)
    lists = query.nearest_lists(plan.most_lists, plan.reach)
    while True:
        copies = codes.copies_in(lists)
        most = depth * copies
        rows, distances = codes.propose(query, lists, most, allowed)
        if copies > 1:
            kth = kth_distance(rows, distances, k)
        else:
            kth = float(distances[k - 1]) if len(rows) >= k else math.inf
        if kth == math.inf and len(rows) < most:
            if len(lists) == codes.lists:
                return None
            lists = query.nearest_lists(codes.lists)
            continue
        kth = min(kth, bound)
        wanted = kth + plan.margin
        if wanted < distances[-1] or len(rows) < most or depth == count:
            return rows, distances, kth
        depth = min(math.ceil(depth * _deeper(distances, wanted)), count)


def is_far(block: Block, query: Prepared) -> bool:
    """Whether a query is much farther from all rows than they are from each other.

    Only distances can tell; angles have no far.
    """
    if block.codes.metric is not Metric.EUCLIDEAN:
        return False
    return query.nearest > _FAR_AWAY * block.curves.usual


def kth_distance(rows: RowNumbers, distances: FloatArray, k: int) -> float:
    """The distance of the k-th different one of `rows`, which stand in its order; inf if none."""
    different: set[int] = set()
    for start in range(0, len(rows), 2 * k):
        for place, row in enumerate(rows[start : start + 2 * k].tolist(), start):
            different.add(row)
            if len(different) == k:
                return float(distances[place])
    return math.inf


def each_once(rows: RowNumbers) -> RowNumbers:
    """Different ones of ascending `rows`."""
    is_first = np.empty(len(rows), np.bool_)
    is_first[:1] = True
    np.not_equal(rows[1:], rows[:-1], out=is_first[1:])
    return rows.compress(is_first)


def _deeper(distances: FloatArray, wanted: float) -> float:
    """So many times more proposals reach as far as `wanted`, if they go on as these end.

    Going as much farther as the farther half of them does, there are twice as many.
    """
    half, last = float(distances[len(distances) // 2]), float(distances[-1])
    if not half < last or wanted == math.inf:
        return _MOST_DEEPER
    doubled = min((wanted - last) / (last - half), math.log2(_MOST_DEEPER))
    return min(_DEEPER * 2**doubled, _MOST_DEEPER)
