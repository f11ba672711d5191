"""Runs: the values of a range of rows, sorted by value and immutable, some bytes a row.

A value of few rows has them in one array that all such values share; a value of many has a bitmap
of its own. Runs of neighbouring ranges merge into one.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from vecinity.local.column_keys import Keys, Unsigned, group, group_sorted

_NO_ROWS: Unsigned = np.zeros(0, np.uint32)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How a column grows; other sizes than these are for tests.

    Attributes:
        tail: rows that are gathered before they become a run.
        fanout: as many runs of about one size become one.
        finished: a run of so many entries is merged no more.
        heavy: a value of so many rows in a run has a bitmap.
        cached: bytes for recent filters, about.
        unsaved: rows that are not worth a file when an index is closed.
    """

    tail: int = 1_024
    fanout: int = 4
    finished: int = 1 << 19
    heavy: int = 1_024
    cached: int = 8 << 20
    unsaved: int = 5_000


@dataclass(frozen=True, slots=True)
class Run:
    """What the rows from `first` to before `end` hold in one column.

    Attributes:
        present: the rows that hold anything, also what has no key.
        keys: the distinct keys, ascending.
        starts: uint32 (n + 1,): the rows of key n are `rows[starts[n]:starts[n + 1]]`; None if
            every key has exactly one.
        rows: uint32, by key and ascending for each.
        heavy: the rows of the other keys, by number.
    """

    first: int
    end: int
    present: BitMap
    keys: Keys
    starts: Unsigned | None
    rows: Unsigned
    heavy: dict[int, BitMap] = field(default_factory=dict)

    @property
    def entries(self) -> int:
        """What merging it costs: rows and keys."""
        return len(self.rows) + len(self.keys)

    @property
    def nbytes(self) -> int:
        """Bytes of memory, about."""
        bitmaps = (self.present, *self.heavy.values())
        starts = 0 if self.starts is None else self.starts.nbytes
        return self.rows.nbytes + starts + self.keys.nbytes + sum(map(_bitmap_bytes, bitmaps))

    def has(self, key: Any) -> bool:
        return self.keys.find(key) >= 0

    def equal(self, key: Any) -> Unsigned | BitMap:
        """The rows of a key; arrays ascend."""
        number = self.keys.find(key)
        if number < 0:
            return _NO_ROWS
        if number in self.heavy:
            return self.heavy[number]
        return self._light(number, number + 1)

    def between(self, start: int, end: int) -> BitMap:
        """The rows of the keys numbered `start` to before `end`."""
        found = to_bitmap(self._light(start, end), self.first, self.end)
        heavy = [rows for number, rows in self.heavy.items() if start <= number < end]
        return BitMap.union(found, *heavy) if heavy else found

    def _light(self, start: int, end: int) -> Unsigned:
        if self.starts is None:
            return self.rows[start:end]
        return self.rows[self.starts[start] : self.starts[end]]


def build(
    first: int,
    end: int,
    present: BitMap,
    keys: Sequence[Any],
    rows: npt.NDArray[Any],
    heavy: int,
) -> Run | None:
    """A run of (key, row) pairs, rows ascending; None if no row holds anything."""
    if not present:
        return None
    distinct, codes = group(keys)
    return _assemble(first, end, present, distinct, codes, rows.astype(np.uint32), {}, heavy)


def merge(runs: Sequence[Run], heavy: int) -> Run:
    """One run of several, which follow each other."""
    present = BitMap.union(*(run.present for run in runs))
    first, end = runs[0].first, runs[-1].end
    distinct, numbers = group_sorted([key for run in runs for key in run.keys.all()])
    codes, large = [], dict[int, BitMap]()
    start = 0
    for run in runs:
        codes_of_run = numbers[start : start + len(run.keys)]
        start += len(run.keys)
        counts = 1 if run.starts is None else np.diff(run.starts)
        codes.append(np.repeat(codes_of_run, counts))
        for number, its_rows in run.heavy.items():
            code = int(codes_of_run[number])
            large[code] = large[code] | its_rows if code in large else its_rows
    rows = np.concatenate([run.rows for run in runs])
    return _assemble(first, end, present, distinct, np.concatenate(codes), rows, large, heavy)


def to_bitmap(rows: Unsigned, first: int, end: int) -> BitMap:
    """A bitmap of rows in any order, all from `first` to before `end`."""
    if len(rows) * 64 > end - first:
        # faster than sorting where they are dense
        there = np.zeros(end - first, np.bool_)
        there[rows - np.uint32(first)] = True
        rows = np.flatnonzero(there).astype(np.uint32) + np.uint32(first)
    return BitMap(array("I", rows.tobytes()))


def _assemble(
    first: int,
    end: int,
    present: BitMap,
    keys: Keys,
    codes: Unsigned,
    rows: Unsigned,
    large: dict[int, BitMap],
    heavy: int,
) -> Run:
    """`codes` are the numbers of the keys of `rows`; `large` has more rows of some."""
    counts = np.bincount(codes, minlength=len(keys))
    if not large and len(codes) == len(keys) and heavy > 1:
        by_key = np.empty_like(rows)
        by_key[codes] = rows
        return Run(first, end, present, keys, None, by_key)
    small_codes = codes.astype(np.uint16) if len(keys) <= 1 << 16 else codes
    order = np.argsort(small_codes, kind="stable")
    rows = rows[order]
    is_large = counts >= heavy
    is_large[list(large)] = True
    ends = np.cumsum(counts)
    bitmaps = {}
    for number in np.flatnonzero(is_large).tolist():
        added = BitMap(array("I", rows[ends[number] - counts[number] : ends[number]].tobytes()))
        bitmaps[number] = added | large[number] if number in large else added
    if bitmaps:
        rows = rows[~is_large[codes[order]]]
        counts[is_large] = 0
    starts = np.zeros(len(keys) + 1, np.uint32)
    np.cumsum(counts, out=starts[1:], dtype=np.uint32)
    return Run(first, end, present, keys, starts, rows, bitmaps)


def union(found: Iterable[Unsigned | BitMap]) -> BitMap:
    """All rows of some arrays, each ascending, and bitmaps."""
    arrays: list[Unsigned] = []
    bitmaps: list[BitMap] = []
    for rows in found:
        if isinstance(rows, BitMap):
            bitmaps.append(rows)
        else:
            arrays.append(rows)
    if arrays:
        bitmaps.append(BitMap(array("I", np.concatenate(arrays).tobytes())))
    return BitMap.union(*bitmaps) if bitmaps else BitMap()


def _bitmap_bytes(bitmap: BitMap) -> int:
    return len(bitmap.serialize()) + 64
