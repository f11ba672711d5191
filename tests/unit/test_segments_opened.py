"""Segments are opened while their files are rewritten."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from pyroaring import BitMap

from vecinity.errors import StorageUnavailable
from vecinity.local.files import RowFile
from vecinity.local.rows import as_bytes, open_stored
from vecinity.local.segment_records import StoredSegment

_SIZE = 8
_WIDTH = 3


def _write(folder: Path, name: str, rows: int) -> None:
    file = RowFile.create(folder / name)
    file.grow(rows * _WIDTH * 4)
    file.write(as_bytes(np.ones((rows, _WIDTH), np.float32)), 0)
    file.close()


def test_files_that_are_gone_before_they_are_opened(tmp_path: Path) -> None:
    """However often a file is rewritten first: here more than once for each look."""
    names = [f"00000000-{number}.f32" for number in range(20)]
    _write(tmp_path, names[-1], 5)
    answers = iter(names)

    def read() -> tuple[int, Sequence[StoredSegment]]:
        return _SIZE, [StoredSegment(next(answers), 1, BitMap(range(5)))]

    segments, stored = open_stored(tmp_path, _WIDTH, _SIZE, read)
    assert stored[0].file == names[-1]
    assert segments.all[0].values.shape == (5, _WIDTH)


@pytest.mark.parametrize("rows", [0, 3])
def test_a_file_that_should_be_there(tmp_path: Path, rows: int) -> None:
    if rows:
        _write(tmp_path, "00000000-0.f32", rows)
    asked = []

    def read() -> tuple[int, Sequence[StoredSegment]]:
        asked.append(1)
        return _SIZE, [StoredSegment("00000000-0.f32", 1, None)]

    with pytest.raises(StorageUnavailable, match="too short" if rows else "is missing"):
        open_stored(tmp_path, _WIDTH, _SIZE, read)
    assert len(asked) == 2
