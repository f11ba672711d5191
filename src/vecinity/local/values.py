"""The values of all rows that an index has at one time, wherever they stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from vecinity.errors import StorageUnavailable
from vecinity.local.rows import RowNumbers, Segment
from vecinity.metric import FloatArray

_VALUE_BYTES = 4


class Values:
    """Reads rows of `segments`: row n stands in the segment n // segment_rows.

    Immutable, and safe for threads. Reading a row that was buried, or never written, raises
    StorageUnavailable.
    """

    def __init__(self, segments: Sequence[Segment], segment_rows: int) -> None:
        self.segments = tuple(segments)
        self._segment_rows = segment_rows

    def replaced(self, number: int, segment: Segment) -> Values:
        """The same rows, those of a segment in another one."""
        segments = (*self.segments[:number], segment, *self.segments[number + 1 :])
        return Values(segments, self._segment_rows)

    def of(self, row: int) -> FloatArray:
        """The values of a row, shape (d,), where they stand."""
        return self.segments[row // self._segment_rows].value(row % self._segment_rows)

    def by_segment(self, rows: RowNumbers) -> Iterator[tuple[Segment, RowNumbers, slice]]:
        """(segment, places in its values, where these rows stand in `rows`), for ascending ones."""
        if not len(rows):
            return
        size = self._segment_rows
        first, last = int(rows[0]) // size, int(rows[-1]) // size
        local_rows = rows % size
        starts = np.arange(first + 1, last + 1) * size
        edges = [0, *rows.searchsorted(starts).tolist(), len(rows)]
        for number, (start, end) in enumerate(pairwise(edges), first):
            if start < end:
                segment, span = self.segments[number], slice(start, end)
                yield segment, segment.places(local_rows[span]), span

    def gathered(self, rows: RowNumbers) -> FloatArray:
        """A copy of the values of ascending `rows`, one or more, shape (n, d)."""
        memory, size = self._memory, self._segment_rows
        if rows[0] < 0 or rows[-1] >= memory.end:
            raise StorageUnavailable("a row is missing in its segment")
        places = memory.row_0.take(rows // size)
        places += rows * memory.width
        if memory.compacted:
            self._correct(places, rows)
        memory.firsts[places]  # waits for the memory of all rows at once, not row by row
        found: FloatArray = memory.at[places].view(np.float32).reshape(-1, memory.width)
        return found

    def _correct(self, places: RowNumbers, rows: RowNumbers) -> None:
        """Set the places of those of `rows` that are in compacted segments."""
        memory, size = self._memory, self._segment_rows
        edges = rows.searchsorted(memory.compacted_edges)
        for number, (start, end) in zip(memory.compacted, edges.tolist(), strict=True):
            if start < end:
                in_segment = self.segments[number].places(rows[start:end] - number * size)
                first = memory.row_0[number] + number * size * memory.width
                places[start:end] = first + in_segment * memory.width

    @cached_property
    def _memory(self) -> _Memory:
        values = [segment.values for segment in self.segments]
        width = values[0].shape[1]
        mapped = [each for each in values if len(each)]
        if not mapped:
            raise StorageUnavailable("no row is there any more")
        lowest = min(mapped, key=_address)
        end = max(_address(each) + each.nbytes for each in mapped)
        flat = lowest.reshape(-1)
        count = (end - _address(lowest)) // _VALUE_BYTES - width + 1
        firsts = as_strided(flat, (count,), (_VALUE_BYTES,), writeable=False)
        row = np.dtype((np.void, width * _VALUE_BYTES))
        at = as_strided(flat.view(row), (count,), (_VALUE_BYTES,), writeable=False)
        starts = np.array([_address(each) for each in values]) - _address(lowest)
        first_rows = np.arange(len(values)) * self._segment_rows
        compacted = [number for number, each in enumerate(self.segments) if each.is_compacted]
        edges = np.array(compacted, np.int64)[:, np.newaxis] + np.arange(2)
        last = self._segment_rows if self.segments[-1].is_compacted else len(values[-1])
        return _Memory(
            at,
            firsts,
            starts // _VALUE_BYTES - first_rows * width,
            int(first_rows[-1]) + last,
            width,
            compacted,
            edges * self._segment_rows,
            values,
        )


class _Memory(NamedTuple):
    """All mappings as one array, so that one call reads rows of many segments.

    Attributes:
        at: the row that starts at each place, counted in values from the lowest mapping; between
            mappings there is nothing, and reading it kills the process.
        firsts: the first values alone of those rows.
        row_0: where the row 0 would start, if the whole index stood as each segment does.
        end: rows before this are somewhere.
        compacted: numbers of the segments where rows stand otherwise.
        compacted_edges: their first rows, and those after the last, shape (n, 2).
        mappings: keeps them.
    """

    at: npt.NDArray[Any]
    firsts: FloatArray
    row_0: npt.NDArray[np.int64]
    end: int
    width: int
    compacted: list[int]
    compacted_edges: RowNumbers
    mappings: list[FloatArray]


def _address(values: FloatArray) -> int:
    address: int = values.__array_interface__["data"][0]
    return address
