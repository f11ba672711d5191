"""What is worth an exact score: the rows that the codes of the blocks and of the tail propose."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from vecinity.local import costs
from vecinity.local.bits import Bits, RecentBits, bits_of, rows_of, taken
from vecinity.local.block import Block
from vecinity.local.block_search import each_once, is_far, kth_distance, searched
from vecinity.local.blocks import Blocks
from vecinity.local.codes import Prepared
from vecinity.local.question import Question
from vecinity.local.recall import Plan
from vecinity.local.rows import RowNumbers
from vecinity.metric import FloatArray

_MOSTLY = 0.8
"""From this share of candidates on, others are dropped from the proposals, not during the scan."""

_ALIVE = 0.5
"""The same where nothing was filtered, so that all others are dead."""

_SHARE = 2
"""So many times its share of the proposals are asked of a block beside a larger one at first."""

_FILTERED_MISSES = 1 / 3
"""What a filter leaves is not spread as the rows that the curves were measured with."""

_FAR_MARGIN = 2.0
_FAR_DEPTH = 4
"""So much wider, and deeper at first, for queries whose nearest candidates are far away."""

_SAMPLED_LISTS = 256
_BY_CHANCE = 1.5
"""Up to so many times the variance that chance gives, candidates are taken to be everywhere."""


class _Proposed(NamedTuple):
    """What the codes of one block propose, nearest first; a row may be there twice.

    Attributes:
        distances: of each, in the units of the values themselves, the same for all blocks.
        margin: how much worse than the k-th nearest of all deserves an exact score.
    """

    rows: RowNumbers
    distances: FloatArray
    margin: float

    def up_to(self, farthest: float) -> RowNumbers:
        """The rows no farther than that."""
        return self.rows[: self.distances.searchsorted(farthest, "right")]


class Proposals:
    """The rows that are worth an exact score."""

    def __init__(
        self, question: Question, candidates: BitMap, blocks: Blocks, alive: RecentBits
    ) -> None:
        self._question = question
        self._mostly = _MOSTLY if question.filtered else _ALIVE
        self._candidates = candidates
        self._blocks = blocks
        self._alive = alive
        self._query: Prepared | None = None
        self._bound = math.inf  # the k-th nearest of all is no farther by its code

    def rows(self) -> RowNumbers:
        """Ascending, each once."""
        found, proposed = [], []
        for block in self._blocks.largest_first:
            count = self._candidates.range_cardinality(block.first, block.end)
            of_block = self._proposed(block, count) if count > self._question.k else None
            if of_block is None:
                found.append(self._all(block.first, block.end))
            else:
                proposed.append(of_block)
        found += _worth(proposed, self._question.k)
        for first, end in self._blocks.uncovered(int(self._candidates.max()) + 1):
            found.append(self._all(first, end))
        itself = self._question.itself
        if itself >= 0 and itself in self._candidates:
            found.append(np.array([itself]))
        rows = found[0] if len(found) == 1 else np.concatenate(found)
        rows.sort()
        return each_once(rows) if itself >= 0 or self._blocks.copies > 1 else rows

    def _all(self, first: int, end: int) -> RowNumbers:
        return rows_of(self._candidates & BitMap(range(first, end)))

    def _proposed(self, block: Block, count: int) -> _Proposed | None:
        """What the codes propose of `count` candidates; None where scoring all is no dearer."""
        share = count / block.members
        plan = self._plan(block, share)
        if plan is None or self._is_dear(block, count, plan):
            return None
        query = self._query = block.codes.prepare(self._question.query, self._query)
        if is_far(block, query):
            return self._deep_enough(block, query, _far(block, plan, count), count, self._bits)
        if count == block.members:
            return self._deep_enough(block, query, plan, count, None)
        if share >= self._mostly:
            proposed = self._checked(block, query, plan, share)
            if proposed is not None:
                return proposed
        return self._selected(block, query, plan, count)

    def _plan(self, block: Block, share: float) -> Plan | None:
        """How deep to look for candidates that are such a share of the rows near the query."""
        k, misses = self._question.k, 1 - self._question.recall
        if share < self._mostly:
            misses *= _FILTERED_MISSES
        return block.curves.plan(k, k / share, 1 - misses)

    def _is_dear(self, block: Block, count: int, plan: Plan, *, looked: bool = False) -> bool:
        """Whether scoring all candidates costs no more; `looked`: it is known where they are."""
        dimensions = len(self._question.query)
        selected = count < self._mostly * block.members
        lists = block.codes.lists
        probed = min(plan.lists, lists)
        entries = block.members * (block.codes.copies if probed < lists else 1)
        dear = costs.codes(lists, probed, entries, plan.depth, dimensions, selected=selected)
        if selected and not looked:
            dear += costs.LOOK
        return costs.exact(count, dimensions) <= dear

    def _checked(self, block: Block, query: Prepared, plan: Plan, share: float) -> _Proposed | None:
        """Proposals from among all that the block holds, without those that are no candidates.

        None if they are not enough: near the query there are fewer candidates than elsewhere.
        """
        k = self._question.k
        lists = query.nearest_lists(plan.most_lists, plan.reach)
        copies = block.codes.copies_in(lists)
        most = copies * block.members
        depth = min(copies * max(math.ceil(self._first_depth(block, plan) / share), k), most)
        rows, distances = block.codes.propose(query, lists, depth, None)
        doubtful_from = distances[-1] if len(rows) == depth < most else np.inf
        is_candidate = self._are_candidates(rows)
        rows, distances = rows[is_candidate], distances[is_candidate]
        kth = min(kth_distance(rows, distances, k), self._bound * block.codes.scale)
        if kth + plan.margin >= doubtful_from:
            return None
        return self._near(block, rows, distances, kth, plan)

    def _selected(self, block: Block, query: Prepared, plan: Plan, count: int) -> _Proposed | None:
        """Proposals from among the candidates."""
        if block.codes.lists > 1 and not self._are_everywhere(block, count / block.members):
            near = self._share_near(block, query, plan.lists)
            nearby = self._plan(block, near) if near >= self._mostly else None
            proposed = self._checked(block, query, nearby, near) if nearby else None
            if proposed is not None:
                return proposed
            plan = _far(block, plan, count)
            if self._is_dear(block, count, plan, looked=True):
                return None
        return self._deep_enough(block, query, plan, count, self._bits)

    def _deep_enough(
        self, block: Block, query: Prepared, plan: Plan, count: int, allowed: Bits | None
    ) -> _Proposed | None:
        """As `searched`, given what is known of the other blocks."""
        k, bound = self._question.k, self._bound * block.codes.scale
        plan = plan._replace(depth=self._first_depth(block, plan))
        found = searched(block, query, plan, k, count, allowed, bound)
        return None if found is None else self._near(block, *found, plan)

    def _first_depth(self, block: Block, plan: Plan) -> int:
        """How deep to look at first: beside a larger block few of a small one's rows are near."""
        if self._bound == math.inf:
            return plan.depth
        return math.ceil(plan.depth * min(1.0, _SHARE * block.members / self._blocks.members))

    def _near(
        self, block: Block, rows: RowNumbers, distances: FloatArray, kth: float, plan: Plan
    ) -> _Proposed:
        """The proposals within the margin of the k-th nearest."""
        scale = block.codes.scale
        self._bound = kth / scale
        worth = distances.searchsorted(kth + plan.margin, "right")
        distances = distances[:worth]
        if scale != 1:
            distances = distances / scale
        return _Proposed(rows[:worth], distances, plan.margin / scale)

    def _are_everywhere(self, block: Block, share: float) -> bool:
        """Whether candidates are spread over the lists as by chance, judged by a sample."""
        samples = block.codes.samples
        some = samples[:: max(1, len(samples) // _SAMPLED_LISTS)]
        found = taken(some, self._bits).sum(axis=1)
        size = some.shape[1]
        by_chance = size * share * (1 - share)
        uneven = np.square(found - size * share).mean()
        return bool(uneven <= _BY_CHANCE * by_chance)

    def _share_near(self, block: Block, query: Prepared, lists: int) -> float:
        """The share of candidates in the lists nearest to the query, guessed from a sample."""
        nearest = query.nearest_lists(min(lists, _SAMPLED_LISTS, block.codes.lists))
        return max(float(taken(block.codes.samples[nearest], self._bits).mean()), 1 / block.members)

    def _are_candidates(self, rows: RowNumbers) -> npt.NDArray[np.bool_]:
        bits = self._bits_of_alive()
        if bits is not None:
            return taken(rows, bits).view(np.bool_)
        return np.fromiter(map(self._candidates.__contains__, rows.tolist()), np.bool_)

    def _bits_of_alive(self) -> Bits | None:
        """The candidates' bits where nothing is filtered and they are known."""
        if self._question.filtered:
            return None
        return self._alive.of(self._candidates, self._blocks.end)

    @cached_property
    def _bits(self) -> Bits:
        known = self._bits_of_alive()
        return bits_of(self._candidates, self._blocks.end) if known is None else known


def _far(block: Block, plan: Plan, count: int) -> Plan:
    """For candidates that are far from the query: anywhere, and looking much the same."""
    depth = min(_FAR_DEPTH * plan.depth, count)
    return Plan(block.codes.lists, math.inf, depth, _FAR_MARGIN * plan.margin)


def _worth(proposed: Sequence[_Proposed], k: int) -> list[RowNumbers]:
    """What of each is worth a score, given all the others."""
    if len(proposed) < 2:
        return [each.rows for each in proposed]
    distances = np.concatenate([each.distances for each in proposed])
    order = distances.argsort(kind="stable")
    rows = np.concatenate([each.rows for each in proposed])[order]
    kth = kth_distance(rows, distances[order], k)
    return [each.up_to(kth + each.margin) for each in proposed]
