"""The planner: scores all candidates where they are few, else those that the blocks' codes propose.

What it returns is always scored exactly; only which rows are scored is a matter of recall.
"""

from __future__ import annotations

from pyroaring import BitMap

from vecinity.local import costs, exact
from vecinity.local.bits import RecentBits, rows_of
from vecinity.local.block_search import of_whole
from vecinity.local.blocks import Blocks
from vecinity.local.norms import Norms
from vecinity.local.proposals import Proposals
from vecinity.local.question import Question
from vecinity.local.rows import RowNumbers
from vecinity.local.threads import OneThread
from vecinity.local.values import Values
from vecinity.metric import FloatArray


def nearest(
    question: Question,
    candidates: BitMap,
    blocks: Blocks,
    values: Values,
    norms: Norms,
    alive: RecentBits,
) -> tuple[RowNumbers, FloatArray]:
    """The best k of `candidates` and their exact scores, best first, equal scores in row order.

    Args:
        candidates: row numbers, all of them stored in `values`.
        blocks: may hold rows that are no candidates, and may lack some.
        alive: remembers the candidates of queries without a filter.
    """
    metric, query, k, itself = question.metric, question.query, question.k, question.itself
    with OneThread():
        rows = None
        if _are_whole(question, candidates, blocks):
            rows = of_whole(blocks.all[0], question)
        elif _all_are_scored(question, len(candidates), blocks):
            rows = rows_of(candidates)
        if rows is None:
            rows = Proposals(question, candidates, blocks, alive).rows()
        return exact.nearest(metric, query, k, rows, values, norms, itself)


def _are_whole(question: Question, candidates: BitMap, blocks: Blocks) -> bool:
    """Whether the candidates are all that one large block holds, as in an index at rest."""
    if len(blocks.all) != 1 or question.recall >= 1 or question.itself >= 0:
        return False
    block = blocks.all[0]
    found = candidates.range_cardinality(block.first, block.end)
    is_all = question.k < found == block.members == len(candidates)
    return is_all and block.codes.lists > 1 and not _is_zero(question.query)


def _all_are_scored(question: Question, candidates: int, blocks: Blocks) -> bool:
    return (
        question.recall >= 1
        or not len(blocks)
        or candidates <= question.k
        or costs.exact(candidates, len(question.query)) <= costs.FIXED
        or _is_zero(question.query)
    )


def _is_zero(query: FloatArray) -> bool:
    return not query[0] and not query.any()  # the first value tells nearly always
