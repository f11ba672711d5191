"""Rewrites segment files without the rows that are buried, so that their space comes back.

A crash between any two steps leaves a correct index: the new file is whole and durable before a
transaction names it, and the old one is removed after. Readers that hold the old mapping keep it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from isal.isal_zlib import crc32
from pyroaring import BitMap

from vecinity.local import segment_records
from vecinity.local.files import RowFile, remove_file
from vecinity.local.follower import Follower
from vecinity.local.rows import Segment, Segments, as_bytes
from vecinity.local.segment_records import StoredSegment
from vecinity.local.writer import Writer

_BYTES_A_STEP = 1_000_000


class Compaction:
    """The segments of one index. One thread at a time works with it, beside the writer."""

    def __init__(self, writer: Writer, segments: Segments, follower: Follower) -> None:
        self._writer = writer
        self._segments = segments
        self._follower = follower

    def due(self, buried: BitMap) -> list[int]:
        """The numbers of the full segments of which more than a third is `buried`."""
        size = self._segments.segment_rows
        numbers = []
        for number in range(self._follower.newest.rows // size):
            stored = len(self._segments.all[number].values)
            first = number * size
            kept = size - buried.range_cardinality(first, first + size)
            if 3 * (stored - kept) > stored:
                numbers.append(number)
        return numbers

    def rewrite(self, buried: BitMap) -> Iterator[None]:
        """Rewrite the segments that are due without the rows `buried`; each item is a step.

        Raises:
            OSError, sqlite3.Error, StorageUnavailable: the segment stays as it was.
        """
        size = self._segments.segment_rows
        for number in self.due(buried):
            rows = BitMap(range(number * size, (number + 1) * size)) - buried
            yield from self._rewrite(number, rows.shift(-number * size))

    def _rewrite(self, number: int, present: BitMap) -> Iterator[None]:
        old = self._segments.all[number]
        if not present:
            new = Segment(None, self._segments.dimensions, present)
            self._switch(number, new, StoredSegment(None, 0, present))
        else:
            yield from self._copy(number, old, present)
        assert old.file is not None
        remove_file(old.file.path)
        yield

    def _copy(self, number: int, old: Segment, present: BitMap) -> Iterator[None]:
        """Write the file that holds `present`, a step for each part, and switch to it."""
        assert old.file is not None
        file = RowFile.create(_next_generation(old.file))
        switched = False
        try:
            checksum = 0
            offset = 0
            rows = np.frombuffer(present.to_array(), np.uint32).astype(np.int64)
            places = old.places(rows)
            count = max(1, _BYTES_A_STEP // (4 * self._segments.dimensions))
            for start in range(0, len(places), count):
                data = as_bytes(old.values[places[start : start + count]])
                file.write(data, offset)
                checksum = crc32(data, checksum)
                offset += len(data)
                yield
            file.sync()
            new = Segment(file, self._segments.dimensions, present)
            self._switch(number, new, StoredSegment(file.path.name, checksum, present))
            switched = True
        finally:
            file.close()
            # after a commit of unknown outcome the next opening decides which of the two goes
            if not switched and not self._writer.is_broken:
                remove_file(file.path)

    def _switch(self, number: int, new: Segment, stored: StoredSegment) -> None:
        def publish() -> None:
            self._segments.all[number] = new
            self._follower.replace_segment(number, new)

        self._writer.maintain(
            partial(segment_records.replace, number=number, segment=stored), publish
        )


def _next_generation(file: RowFile) -> Path:
    number, generation = file.path.stem.split("-")
    return file.path.with_name(f"{number}-{int(generation) + 1}{file.path.suffix}")
