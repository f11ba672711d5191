"""The life of the blocks: what is sealed, what is merged next, what is on disk.

Rows beyond the last block are the tail, which is scanned exactly. A block takes in those before it
that are not much larger, so that there are few, and each row is encoded again only a few times.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from pyroaring import BitMap

from vecinity.local.block import Block, DamagedBlock, load
from vecinity.local.files import remove_file

TAIL_ROWS = 4_096
"""A tail of so many live rows is sealed."""

IDLE_TAIL_ROWS = 64
"""When nobody writes, and there are blocks already, a tail of so many is sealed."""

_NO_LARGER = 2
_LIKE = 10
_DEAD_SHARE = 1 / 3
_CODEBOOK_REACH = 4

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Derive a file from the rows from `first` to before `end` that are alive after `mutation`.

    A block's `codebook` is another one's path, whose quantiser will do. `gentle` means on one core:
    somebody writes meanwhile, and may well search.
    """

    first: int
    end: int
    mutation: int
    codebook: str | None
    gentle: bool = False
    kind: Literal["block", "heads"] = "block"

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


class Blocks:
    """An immutable set of blocks, in the order of their rows, which do not overlap.

    A row may be proposed `copies` times by the codes of its block.
    """

    def __init__(self, blocks: Iterable[Block] = ()) -> None:
        self.all = tuple(sorted(blocks, key=lambda block: block.first))
        self.largest_first = sorted(self.all, key=lambda block: -block.members)
        self.copies = max((block.codes.copies for block in self.all), default=1)

    def __len__(self) -> int:
        return len(self.all)

    @property
    def end(self) -> int:
        """The tail begins here."""
        return self.all[-1].end if self.all else 0

    @property
    def members(self) -> int:
        return sum(block.members for block in self.all)

    def uncovered(self, rows: int) -> list[tuple[int, int]]:
        """The ranges of rows below `rows` that are in no block, the tail last."""
        ranges, start = [], 0
        for block in self.all:
            if start < block.first:
                ranges.append((start, block.first))
            start = block.end
        return [*ranges, (start, rows)] if start < rows else ranges

    def replaced(self, block: Block) -> Self:
        """With `block` instead of all that it covers."""
        kept = (old for old in self.all if old.end <= block.first or block.end <= old.first)
        return type(self)([*kept, block])

    def next_job(
        self, live: BitMap, rows: int, mutation: int, tail_rows: int, *, idle: bool
    ) -> Job | None:
        """What should be built for the snapshot with `rows` rows at `mutation`, if anything.

        Args:
            tail_rows: seal a tail of so many live rows.
            idle: nobody writes, so that there is time for larger merges.
        """
        found = (
            self._gap(live)
            or self._merge(live, rows, tail_rows)
            or (self._uneven(live) if idle else None)
            or self._worn(live)
        )
        if found is None:
            return None
        first, end = found
        return Job(first, end, mutation, self._codebook(live.range_cardinality(first, end)))

    def _gap(self, live: BitMap) -> tuple[int, int] | None:
        for first, end in self.uncovered(self.end):
            if live.range_cardinality(first, end):
                return first, end
        return None

    def _merge(self, live: BitMap, rows: int, tail_rows: int) -> tuple[int, int] | None:
        first = self.end
        total = live.range_cardinality(first, rows) if rows > first else 0
        if total < tail_rows:
            return None
        for block in reversed(self.all):
            alive = live.range_cardinality(block.first, block.end)
            if alive > _NO_LARGER * total:
                break
            first, total = block.first, total + alive
        return first, rows

    def _uneven(self, live: BitMap) -> tuple[int, int] | None:
        """The last blocks, if the first of them is of like size as all that follow: one is searched
        in half the time."""
        alive = [live.range_cardinality(block.first, block.end) for block in self.all]
        for number, block in enumerate(self.all[:-1]):
            if alive[number] <= _LIKE * sum(alive[number + 1 :]):
                return block.first, self.end
        return None

    def _worn(self, live: BitMap) -> tuple[int, int] | None:
        """A block of which too much is dead; one that is all dead goes with its neighbour."""
        for number, block in enumerate(self.all):
            alive = live.range_cardinality(block.first, block.end)
            if block.members - alive <= block.members * _DEAD_SHARE:
                continue
            if alive:
                return block.first, block.end
            if number:
                return self.all[number - 1].first, block.end
            if len(self.all) > 1:
                return block.first, self.all[1].end
        return None

    def _codebook(self, rows: int) -> str | None:
        if not self.all or self.largest_first[0].members * _CODEBOOK_REACH < rows:
            return None
        return str(self.largest_first[0].path)


def load_all(folder: Path, uuid: str, rows: int) -> Blocks:
    """The blocks in `folder` of an index of `rows` rows; damaged and superseded files are removed.

    What is missing is built again in the background.
    """
    found = Blocks()
    if not folder.is_dir():
        return found
    for path in sorted(folder.iterdir(), key=_widest_first):
        try:
            block = load(path, uuid)
            if block.end > rows or _covered(found.all, block):
                raise DamagedBlock(f"{path} is superseded")
            found = found.replaced(block)
        except DamagedBlock as error:
            _log.info("removed: %s", error)
            remove_file(path)
    return found


def _covered(blocks: Sequence[Block], block: Block) -> bool:
    return any(other.first < block.end and block.first < other.end for other in blocks)


def _widest_first(path: Path) -> tuple[int, str]:
    first, _, end = path.stem.partition("-")
    width = int(end) - int(first) if first.isdigit() and end.isdigit() else 0
    return -width, path.name
