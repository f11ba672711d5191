"""The float32 segments: row n lives in segment n // segment_rows, at the place that it says.

Only the writer appends; readers see what it has written through read-only mappings.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import faiss
import numpy as np
import numpy.typing as npt

from vecinity.errors import StorageUnavailable
from vecinity.local.files import RowFile
from vecinity.metric import FloatArray

RowNumbers: TypeAlias = npt.NDArray[np.int64]

SEGMENT_ROWS = 65_536
"""Rows of a segment of a new index."""

_FIRST_ROWS = 64
_NORM_TOO_SMALL = 1e-18


class Segment:
    """One mapped segment; its first rows are filled, the rest of the mapping is nobody's.

    `values` is float32 of shape (capacity, dimensions), where capacity grows by doubling.
    """

    def __init__(self, file: RowFile, dimensions: int) -> None:
        self.file = file
        self._dimensions = dimensions
        self.values = self._map()
        self._norms: FloatArray = np.empty(0, np.float32)

    @property
    def capacity(self) -> int:
        return len(self.values)

    def grow(self, rows: int, segment_rows: int) -> None:
        """Make room for `rows` rows in all. Readers keep the mapping that they have."""
        if rows <= self.capacity:
            return
        capacity = min(max(rows, 2 * self.capacity, _FIRST_ROWS), segment_rows)
        self.file.grow(capacity * self._dimensions * 4)
        self.values = self._map()

    def places(self, local_rows: RowNumbers) -> RowNumbers:
        """Where in `values` rows of this segment stand, given by their numbers within it."""
        return local_rows

    def value(self, local_row: int) -> FloatArray:
        """The values of one row, given by its number within the segment."""
        values: FloatArray = self.values[local_row]
        return values

    def norms(self, rows: int) -> FloatArray:
        """The L2 norms of the first `rows` places, computed once for each."""
        norms = self._norms
        if len(norms) < rows:
            norms = np.concatenate([norms, _norms(self.values[len(norms) : rows])])
            self._norms = norms
        return norms[:rows]

    def checksum(self) -> int:
        return zlib.crc32(as_bytes(self.values))

    def _map(self) -> FloatArray:
        if self.file.size == 0:
            return np.empty((0, self._dimensions), np.float32)
        flat = np.frombuffer(self.file.map(), np.float32)
        whole = len(flat) // self._dimensions * self._dimensions
        return flat[:whole].reshape(-1, self._dimensions)


class Segments:
    """All segments of an index, for its writer. Raises OSError as the disk does.

    Args:
        rows: the rows that were committed.
        files: (name, whether it is sealed) by segment number.

    Raises:
        StorageUnavailable: a file is missing or too short for its rows.
    """

    def __init__(
        self,
        folder: Path,
        dimensions: int,
        segment_rows: int,
        rows: int,
        files: Sequence[tuple[str, bool]],
    ) -> None:
        self._folder = folder
        self._dimensions = dimensions
        self.segment_rows = segment_rows
        self._unsynced: set[int] = set()
        self.all: list[Segment] = []
        for number, (name, sealed) in enumerate(files):
            needed = min(rows - number * segment_rows, segment_rows)
            self.all.append(self._open(folder / name, needed, sealed))

    def append(self, first: int, matrix: FloatArray) -> list[tuple[int, str]]:
        """Write `matrix` as the rows from `first` on; returns (number, file) of new segments.

        What stood there before belonged to a write that failed. Durable after `sync`.
        """
        created = []
        data = as_bytes(matrix)
        width = self._dimensions * 4
        while data:
            number, place = divmod(first, self.segment_rows)
            if number == len(self.all):
                created.append((number, self._create(number)))
            count = min(len(data) // width, self.segment_rows - place)
            segment = self.all[number]
            segment.grow(place + count, self.segment_rows)
            segment.file.write(data[: count * width], place * width)
            self._unsynced.add(number)
            data = data[count * width :]
            first += count
        return created

    def sync(self) -> None:
        """Return when every appended row is on the disk."""
        for number in self._unsynced:
            self.all[number].file.sync()
        self._unsynced.clear()

    def forget_after(self, count: int) -> None:
        """Drop the segments that a failed write created."""
        for segment in self.all[count:]:
            segment.file.close()
        del self.all[count:]
        self._unsynced.clear()

    def close(self) -> None:
        for segment in self.all:
            segment.file.close()

    def seal(self, number: int) -> int:
        """The checksum of a full and synced segment, which is not written again."""
        segment = self.all[number]
        segment.file.close()
        return segment.checksum()

    def _open(self, path: Path, rows: int, sealed: bool) -> Segment:
        try:
            segment = Segment(RowFile.open(path), self._dimensions)
        except FileNotFoundError as error:
            raise StorageUnavailable(f"{path} is missing") from error
        if segment.capacity < rows:
            segment.file.close()
            raise StorageUnavailable(f"{path} is too short: {segment.capacity} of {rows} rows")
        if sealed:
            segment.file.close()
        return segment

    def _create(self, number: int) -> str:
        name = f"{number:08d}-0.f32"
        self.all.append(Segment(RowFile.create(self._folder / name), self._dimensions))
        return name


def by_segment(
    rows: RowNumbers, segments: Sequence[Segment], segment_rows: int
) -> Iterator[tuple[Segment, RowNumbers, slice]]:
    """(segment, places in its values, where these rows stand in `rows`), for ascending `rows`."""
    if not len(rows):
        return
    first = int(rows[0]) // segment_rows
    last = int(rows[-1]) // segment_rows
    edges = np.searchsorted(rows, np.arange(first, last + 2) * segment_rows)
    for number in range(first, last + 1):
        start, end = int(edges[number - first]), int(edges[number - first + 1])
        if start < end:
            places = segments[number].places(rows[start:end] - number * segment_rows)
            yield segments[number], places, slice(start, end)


def as_bytes(values: FloatArray) -> memoryview:
    """The bytes of `values` as they stand in a segment, without a copy if contiguous."""
    return np.ascontiguousarray(values).reshape(-1).view(np.uint8).data


def _norms(values: FloatArray) -> FloatArray:
    """L2 norms, right also where the squares of small values underflow float32."""
    norms = np.empty(len(values), np.float32)
    if len(values):
        faiss.fvec_norms_L2(
            faiss.swig_ptr(norms), faiss.swig_ptr(values), values.shape[1], len(values)
        )
    small = np.flatnonzero(norms < _NORM_TOO_SMALL)
    if len(small):
        norms[small] = np.sqrt(np.square(values[small].astype(np.float64)).sum(axis=1))
    return norms
