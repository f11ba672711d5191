"""The planner: scores all candidates where they are few, else those that the blocks' codes propose.

What it returns is always scored exactly; only which rows are scored is a matter of recall.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import faiss
import numpy as np
from pyroaring import BitMap

from vecinity.local import costs, exact
from vecinity.local.bits import Bits, bits_of, rows_of
from vecinity.local.block import Block
from vecinity.local.blocks import Blocks
from vecinity.local.norms import Norms
from vecinity.local.rows import RowNumbers, Segment
from vecinity.metric import FloatArray, Metric

_MOSTLY = 0.8
"""From this share of candidates on, others are dropped from the proposals, not during the scan."""

_SAMPLED_LISTS = 256
_FEWER_LISTS = 0.5


@dataclass(frozen=True, slots=True)
class Question:
    """The best `k` for `query` (d,), of which a share of `recall` should be found.

    `itself` is a row that comes first among equal scores, or -1.
    """

    metric: Metric
    query: FloatArray
    k: int
    recall: float
    itself: int = -1


def nearest(
    question: Question,
    candidates: BitMap,
    blocks: Blocks,
    segments: Sequence[Segment],
    segment_rows: int,
    norms: Norms,
) -> tuple[RowNumbers, FloatArray]:
    """The best k of `candidates` and their exact scores, best first, equal scores in row order.

    Args:
        candidates: row numbers, all of them stored in `segments`.
        blocks: may hold rows that are no candidates, and may lack some.
    """
    # queries run beside each other: each on its own thread alone, whatever faiss does elsewhere
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        return _nearest(question, candidates, blocks, segments, segment_rows, norms)
    finally:
        faiss.omp_set_num_threads(threads)


def _nearest(
    question: Question,
    candidates: BitMap,
    blocks: Blocks,
    segments: Sequence[Segment],
    segment_rows: int,
    norms: Norms,
) -> tuple[RowNumbers, FloatArray]:
    metric, query, itself = question.metric, question.query, question.itself
    if _all_are_scored(question, len(candidates), blocks):
        rows = rows_of(candidates)
    else:
        rows = _Proposals(question, candidates, blocks).rows()
    return exact.nearest(metric, query, question.k, rows, segments, segment_rows, norms, itself)


def _all_are_scored(question: Question, candidates: int, blocks: Blocks) -> bool:
    return (
        question.recall >= 1
        or not len(blocks)
        or candidates <= question.k
        or costs.exact(candidates, len(question.query)) <= costs.FIXED
        or not question.query.any()
    )


class _Proposals:
    """The rows that are worth an exact score."""

    def __init__(self, question: Question, candidates: BitMap, blocks: Blocks) -> None:
        self._question = question
        self._candidates = candidates
        self._blocks = blocks

    def rows(self) -> RowNumbers:
        """Ascending, each once."""
        found = [self._of_block(block) for block in self._blocks.all]
        for first, end in self._blocks.uncovered(int(self._candidates.max()) + 1):
            found.append(self._all(first, end))
        itself = self._question.itself
        if itself >= 0 and itself in self._candidates:
            return np.unique(np.append(np.concatenate(found), itself))
        return np.sort(np.concatenate(found))

    def _all(self, first: int, end: int) -> RowNumbers:
        return rows_of(self._candidates & BitMap(range(first, end)))

    def _of_block(self, block: Block) -> RowNumbers:
        """What the block proposes, or all its candidates where that is no dearer."""
        count = self._candidates.range_cardinality(block.first, block.end)
        if count <= self._question.k:
            return self._all(block.first, block.end)
        share = count / block.members
        plan = block.curves.plan(self._question.k / share, self._question.recall)
        if plan is None or self._is_dear(block, count, *plan):
            return self._all(block.first, block.end)
        query = block.codes.prepare(self._question.query)
        if share >= _MOSTLY:
            rows = self._checked(block, query, *plan, count)
        else:
            rows = self._selected(block, query, plan[0], count)
        if len(rows) >= self._question.k:
            return rows
        return self._all(block.first, block.end)

    def _is_dear(self, block: Block, count: int, probed: int, depth: int) -> bool:
        dimensions = len(self._question.query)
        selected = count < _MOSTLY * block.members
        proposals = math.ceil(depth * count / block.members)
        lists = block.codes.lists
        probed = min(probed, lists)
        dear = costs.codes(lists, probed, block.members, proposals, dimensions, selected=selected)
        return costs.exact(count, dimensions) <= dear

    def _checked(
        self, block: Block, query: FloatArray, probed: int, depth: int, count: int
    ) -> RowNumbers:
        """Proposals from among all that the block holds, without those that are no candidates."""
        depth = min(max(depth, self._question.k), block.members)
        rows = block.codes.propose(query, probed, depth, None)
        if count == block.members:
            return rows
        return rows_of(BitMap(rows.astype(np.uint32)) & self._candidates)

    def _selected(self, block: Block, query: FloatArray, probed: int, count: int) -> RowNumbers:
        """Proposals from among the candidates."""
        share = count / block.members
        k, recall = self._question.k, self._question.recall
        near = self._share_near(block, query, min(probed, _SAMPLED_LISTS, block.codes.lists))
        plan = block.curves.plan(k / near, recall)
        if plan is None:
            return np.empty(0, np.int64)
        probed = max(plan[0], int(probed * _FEWER_LISTS)) if near > share else plan[0]
        depth = min(max(math.ceil(plan[1] * near), 2 * k), count)
        return block.codes.propose(query, probed, depth, self._bits)

    def _share_near(self, block: Block, query: FloatArray, lists: int) -> float:
        """The share of candidates in the lists nearest to the query, guessed from a sample.

        A filter that goes with the query, or against it, takes another share there than elsewhere.
        """
        if block.codes.lists == 1:
            return self._candidates.range_cardinality(block.first, block.end) / block.members
        sample = block.codes.samples[block.codes.nearest_lists(query, lists)].ravel()
        sample = sample[sample >= 0]
        taken = (self._bits[sample >> 3] >> (sample & 7)) & 1
        return (int(taken.sum()) + 1) / (len(sample) + 1)

    @cached_property
    def _bits(self) -> Bits:
        return bits_of(self._candidates, self._blocks.end)
