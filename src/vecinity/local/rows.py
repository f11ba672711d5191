"""The float32 segments: row n lives in segment n // segment_rows, at the place that it says.

Only the writer appends; readers see what it has written through read-only mappings.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from isal.isal_zlib import crc32
from pyroaring import BitMap

from vecinity.errors import StorageUnavailable
from vecinity.local.files import RowFile, remove_file
from vecinity.local.segment_records import StoredSegment
from vecinity.metric import FloatArray

RowNumbers: TypeAlias = npt.NDArray[np.int64]

SEGMENT_ROWS = 65_536
"""Rows of a segment of a new index."""

_FIRST_ROWS = 64
_NO_ROW = array("I", [0xFFFF_FFFF])


class Segment:
    """One mapped segment; its first rows are filled, the rest of the mapping is nobody's.

    `values` is float32 of shape (capacity, dimensions), where capacity grows by doubling.

    Args:
        file: None if no row is needed any more.
        present: the rows in the file, by their numbers within the segment; None if all are.
    """

    def __init__(
        self, file: RowFile | None, dimensions: int, present: BitMap | None = None
    ) -> None:
        self.file = file
        self._dimensions = dimensions
        # with one more at the end, which no row has, so that every place that is found is there
        self._present = (
            None if present is None else np.array(present.to_array() + _NO_ROW, np.uint32)
        )
        self.values = self._map()

    @property
    def capacity(self) -> int:
        return len(self.values)

    @property
    def is_compacted(self) -> bool:
        """Whether rows stand at other places than their numbers say."""
        return self._present is not None

    def grow(self, rows: int, segment_rows: int) -> None:
        """Make room for `rows` rows in all. Readers keep the mapping that they have."""
        if rows <= self.capacity:
            return
        capacity = min(max(rows, 2 * self.capacity, _FIRST_ROWS), segment_rows)
        self._own_file.grow(capacity * self._dimensions * 4)
        self.values = self._map()

    def places(self, local_rows: RowNumbers) -> RowNumbers:
        """Where in `values` rows of this segment stand, given by their numbers within it.

        Raises:
            StorageUnavailable: one of them is not there any more.
        """
        present = self._present
        if present is None:
            return local_rows
        wanted = local_rows.astype(np.uint32)
        if len(wanted) == len(present) - 1 and (wanted == present[:-1]).all():
            return np.arange(len(wanted))
        places = present.searchsorted(wanted)
        if (present[places] != wanted).any():
            raise StorageUnavailable("a row is missing in its segment")
        return places

    def value(self, local_row: int) -> FloatArray:
        """As `places`, but the values themselves, of one row."""
        place, present = local_row, self._present
        if present is not None:
            place = int(present.searchsorted(np.uint32(local_row)))
            if present[place] != local_row:
                raise StorageUnavailable("a row is missing in its segment")
        values: FloatArray = self.values[place]
        return values

    def checksum(self) -> int:
        return crc32(as_bytes(self.values))

    def write(self, data: memoryview, offset: int) -> None:
        """Write all of `data` at a byte of the file, which has room for it."""
        self._own_file.write(data, offset)

    def sync(self) -> None:
        """Return when all that was written is on the disk."""
        self._own_file.sync()

    def close(self) -> None:
        """Give the file's descriptor back; the values stay."""
        if self.file is not None:
            self.file.close()

    @property
    def _own_file(self) -> RowFile:
        assert self.file is not None
        return self.file

    def _map(self) -> FloatArray:
        if self.file is None or self.file.size == 0:
            return np.empty((0, self._dimensions), np.float32)
        flat = np.frombuffer(self.file.map(), np.float32)
        whole = len(flat) // self._dimensions * self._dimensions
        return flat[:whole].reshape(-1, self._dimensions)


class Segments:
    """All segments of an index, for its writer. Raises OSError as the disk does.

    Args:
        rows: the rows that were committed.
        stored: what is stored of each, by number.

    Raises:
        StorageUnavailable: a file is missing or too short for its rows.
    """

    def __init__(
        self,
        folder: Path,
        dimensions: int,
        segment_rows: int,
        rows: int,
        stored: Sequence[StoredSegment],
    ) -> None:
        self._folder = folder
        self.dimensions = dimensions
        self.segment_rows = segment_rows
        self._unsynced: set[int] = set()
        self.all: list[Segment] = []
        for number, each in enumerate(stored):
            self.all.append(self._open(each, min(rows - number * segment_rows, segment_rows)))

    def append(self, first: int, matrix: FloatArray) -> list[tuple[int, str]]:
        """Write `matrix` as the rows from `first` on; returns (number, file) of new segments.

        What stood there before belonged to a write that failed. Durable after `sync`.
        """
        created = []
        data = as_bytes(matrix)
        width = self.dimensions * 4
        while data:
            number, place = divmod(first, self.segment_rows)
            if number == len(self.all):
                created.append((number, self._create(number)))
            count = min(len(data) // width, self.segment_rows - place)
            segment = self.all[number]
            segment.grow(place + count, self.segment_rows)
            segment.write(data[: count * width], place * width)
            self._unsynced.add(number)
            data = data[count * width :]
            first += count
        return created

    def sync(self) -> None:
        """Return when every appended row is on the disk."""
        for number in self._unsynced:
            self.all[number].sync()
        self._unsynced.clear()

    def forget_after(self, count: int) -> None:
        """Drop the segments that a failed write created."""
        for segment in self.all[count:]:
            segment.close()
        del self.all[count:]
        self._unsynced.clear()

    def close(self) -> None:
        for segment in self.all:
            segment.close()

    def remove_leftovers(self) -> None:
        """Remove the files that a crash or a failed write left and no segment has."""
        named = {segment.file.path.name for segment in self.all if segment.file is not None}
        for path in self._folder.glob("*.f32"):
            if path.name not in named:
                remove_file(path)

    def _open(self, stored: StoredSegment, rows: int) -> Segment:
        if stored.file is None:
            return Segment(None, self.dimensions, stored.present)
        path = self._folder / stored.file
        try:
            segment = Segment(RowFile.open(path), self.dimensions, stored.present)
        except FileNotFoundError as error:
            raise StorageUnavailable(f"{path} is missing") from error
        needed = rows if stored.present is None else len(stored.present)
        if segment.capacity < needed:
            segment.close()
            raise StorageUnavailable(f"{path} is too short: {segment.capacity} of {needed} rows")
        if stored.checksum is not None:
            segment.close()
        return segment

    def _create(self, number: int) -> str:
        name = f"{number:08d}-0.f32"
        self.all.append(Segment(RowFile.create(self._folder / name), self.dimensions))
        return name


def open_stored(
    folder: Path,
    dimensions: int,
    segment_rows: int,
    read: Callable[[], tuple[int, Sequence[StoredSegment]]],
) -> tuple[Segments, Sequence[StoredSegment]]:
    """The segments of an index that another process or thread may be rewriting.

    Args:
        read: how many rows there are, and what is stored of each segment. It is asked again when a
            file that it named is gone, and as long as it then answers otherwise.

    Raises:
        StorageUnavailable: a file is missing or too short, and should not be.
    """
    rows, stored = read()
    while True:
        try:
            return Segments(folder, dimensions, segment_rows, rows, stored), stored
        except StorageUnavailable:
            known = stored
            rows, stored = read()
            if stored == known:
                raise


def as_bytes(values: FloatArray) -> memoryview:
    """The bytes of `values` as they stand in a segment, without a copy if contiguous."""
    return np.ascontiguousarray(values).reshape(-1).view(np.uint8).data
