"""Everything that normally takes many rows made to happen with a few: `shrink()`.

Tails of 8 rows, or of 32 that get codes at once, blocks with lists from 16 rows on, two
lists for a row from 24, segments of 64 rows; codes are scanned whatever it costs, and propose every
row that passes, so that results are exact and any row that gets lost on the way is missed. As a
program, `python -m tests.support.tiny serve ...`, it is such a server.
"""

from __future__ import annotations

import math
import threading
from pathlib import Path
from typing import Any

import numpy as np

from vecinity.cli.main import main
from vecinity.local import codes, lists, search, tail
from vecinity.local.arrivals import Arrivals
from vecinity.local.background import Background
from vecinity.local.block import Block
from vecinity.local.blocks import Blocks, Job
from vecinity.local.build import build
from vecinity.local.builder import Builder
from vecinity.local.engine import LocalEngine
from vecinity.local.proposals import Proposals
from vecinity.local.question import Question
from vecinity.local.recall import Curves, Plan
from vecinity.local.visibility import Snapshot

TAIL_ROWS = 8
_ONE_LIST = 16
_TWO_COPIES = 24
_CODED_ROWS = 1
_SEGMENT_ROWS = 64
_EVERYTHING = 1_000_000
_FARTHEST = 1e38


class Counted:
    """How often each path was taken."""

    scans = 0
    selections = 0
    builds = 0
    tails = 0


def shrink(patch: Any, *, at_once: bool, tail_rows: int = TAIL_ROWS) -> type[Counted]:
    """Set all this through `patch.setattr(owner, name, value)`.

    Args:
        at_once: build before the write returns, not in the background.
        tail_rows: with fewer, short histories have more blocks, and new rows beside them.
    """
    defaults = dict(LocalEngine.__init__.__kwdefaults__ or {})
    assert {"tail_rows", "segment_rows"} <= defaults.keys()
    small = {**defaults, "tail_rows": tail_rows, "segment_rows": _SEGMENT_ROWS}
    patch.setattr(LocalEngine.__init__, "__kwdefaults__", small)
    patch.setattr(lists, "_ONE_LIST", _ONE_LIST)
    patch.setattr(lists, "_TWO_COPIES", _TWO_COPIES)
    patch.setattr(tail, "_LEAST_ROWS", _CODED_ROWS)
    patch.setattr(tail, "_NEW_ROWS", _CODED_ROWS)
    patch.setattr(tail, "_LARGEST_LOSS", math.inf)
    patch.setattr(search, "_all_are_scored", _all_are_scored)
    patch.setattr(Proposals, "_is_dear", lambda *_, **__: False)
    patch.setattr(Curves, "plan", lambda *_: Plan(_EVERYTHING, math.inf, _EVERYTHING, _FARTHEST))
    patch.setattr(Arrivals, "is_rush", lambda *_: False)
    patch.setattr(Builder, "start", lambda _: None)
    patch.setattr(Builder, "build", _build)
    _count(patch)
    if at_once:
        patch.setattr(Background, "poke", _poke)
    return Counted


def _all_are_scored(question: Question, candidates: int, blocks: Blocks) -> bool:
    """Only where there is nothing to search by."""
    return not candidates or not len(blocks) or not question.query.any()


def _build(self: Builder, folder: Path, job: Job) -> Path | None:
    """In this process: the same code, without half a second to start another one."""
    Counted.builds += 1
    return build(folder, job)


def _poke(self: Background, uuid: str, seconds: float = 0.0) -> None:
    """Do all there is to do now, unless it can wait or this is that very work."""
    if not seconds and _busy.acquire(blocking=False):
        try:
            while self._look_after(uuid) == 0.0:
                pass
        finally:
            _busy.release()


_busy = threading.Lock()


def _count(patch: Any) -> None:
    _count_tails(patch)
    scan = codes.Codes.propose

    def propose(self: Any, query: Any, lists: Any, depth: int, allowed: Any) -> Any:
        Counted.scans += 1
        Counted.selections += allowed is not None
        found, distances = scan(self, query, lists, depth, allowed)
        passing = self.rows()
        if allowed is not None:
            passing = passing[(allowed[passing >> 3] >> (passing & 7)) & 1 == 1]
        assert np.isin(found, passing).all()
        # values of wildly different sizes overflow the scan's 16 bits; its measured curves tell
        # that such codes are of no use, but here they are used whatever they are
        if len(found) < depth:
            return passing, np.zeros(len(passing), np.float32)
        return found, distances

    patch.setattr(codes.Codes, "propose", propose)


def _count_tails(patch: Any) -> None:
    extended = tail.Tail.extended

    def counting(self: tail.Tail, snapshot: Snapshot) -> Block | None:
        Counted.tails += 1
        return extended(self, snapshot)

    patch.setattr(tail.Tail, "extended", counting)


class ForGood:
    """Patches that stay."""

    @staticmethod
    def setattr(owner: Any, name: str, value: Any) -> None:
        getattr(owner, name)
        setattr(owner, name, value)


if __name__ == "__main__":
    shrink(ForGood, at_once=False)
    main()
