"""Rows are read from wherever their segments are in memory, compacted or not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pyroaring import BitMap

from vecinity.errors import StorageUnavailable
from vecinity.local.files import RowFile
from vecinity.local.rows import RowNumbers, Segment, as_bytes
from vecinity.local.values import Values
from vecinity.metric import FloatArray

_SIZE = 50
_WIDTH = 7
_LAST = 20
"""Rows of the last segment, which is not full."""


def _segment(path: Path, rows: FloatArray, present: list[int] | None = None) -> Segment:
    kept = rows if present is None else rows[present]
    file = RowFile.create(path)
    file.grow(kept.nbytes)
    file.write(as_bytes(kept), 0)
    return Segment(file, _WIDTH, None if present is None else BitMap(present))


@pytest.fixture
def rows() -> FloatArray:
    random = np.random.default_rng(7)
    return random.standard_normal((4 * _SIZE + _LAST, _WIDTH)).astype(np.float32)


@pytest.fixture
def there() -> RowNumbers:
    """Segments 1 and 3 are compacted, the latter so that nothing is left."""
    some = np.random.default_rng(8).choice(_SIZE, 30, replace=False) + _SIZE
    numbers = [np.arange(_SIZE), np.sort(some), np.arange(2 * _SIZE, 3 * _SIZE)]
    return np.concatenate([*numbers, np.arange(4 * _SIZE, 4 * _SIZE + _LAST)])


@pytest.fixture
def values(tmp_path: Path, rows: FloatArray, there: RowNumbers) -> Values:
    present = (there[there // _SIZE == 1] % _SIZE).tolist()
    parts: dict[int, Segment] = {3: Segment(None, _WIDTH, BitMap())}
    for number in (2, 4, 0, 1):  # their order in memory is not that of their numbers
        part = rows[number * _SIZE : (number + 1) * _SIZE]
        kept = present if number == 1 else None
        parts[number] = _segment(tmp_path / f"{number}.f32", part, kept)
    return Values([parts[number] for number in range(5)], _SIZE)


def test_any_rows(values: Values, rows: FloatArray, there: RowNumbers) -> None:
    random = np.random.default_rng(9)
    for count in (1, 2, 10, 60, len(there)):
        chosen = np.sort(random.choice(there, count, replace=False))
        found = values.gathered(chosen)
        assert found.flags.c_contiguous
        assert found.flags.writeable
        np.testing.assert_array_equal(found, rows[chosen])


def test_each_row_where_it_stands(values: Values, rows: FloatArray, there: RowNumbers) -> None:
    for row in there.tolist():
        np.testing.assert_array_equal(values.of(row), rows[row])
    for segment, places, span in values.by_segment(there):
        np.testing.assert_array_equal(segment.values[places], rows[there[span]])


@pytest.mark.parametrize("row", [-1, 3 * _SIZE, 3 * _SIZE + 5, 4 * _SIZE + _LAST, 5 * _SIZE, 10**9])
def test_what_is_not_there(values: Values, row: int) -> None:
    with pytest.raises(StorageUnavailable, match="missing"):
        values.gathered(np.sort([0, row]))


def test_what_was_buried(values: Values, there: RowNumbers) -> None:
    gone = np.setdiff1d(np.arange(_SIZE, 2 * _SIZE), there)
    assert len(gone)
    for row in gone.tolist():
        with pytest.raises(StorageUnavailable, match="missing"):
            values.gathered(np.array([0, row, 4 * _SIZE]))


def test_a_replaced_segment(
    tmp_path: Path, values: Values, rows: FloatArray, there: RowNumbers
) -> None:
    values.gathered(there)
    kept = list(range(0, _SIZE, 2))
    smaller = _segment(tmp_path / "0-1.f32", rows[:_SIZE], kept)
    after = values.replaced(0, smaller)
    np.testing.assert_array_equal(after.gathered(np.array([4])), rows[[4]])
    with pytest.raises(StorageUnavailable, match="missing"):
        after.gathered(np.array([5]))
    np.testing.assert_array_equal(values.gathered(np.array([5])), rows[[5]])


def test_a_segment_that_grows(tmp_path: Path, rows: FloatArray) -> None:
    segment = _segment(tmp_path / "0.f32", rows[:10])
    before = Values([segment], _SIZE)
    np.testing.assert_array_equal(before.gathered(np.arange(10)), rows[:10])
    segment.grow(30, _SIZE)
    segment.write(as_bytes(rows[10:30]), 10 * _WIDTH * 4)
    after = Values([segment], _SIZE)
    np.testing.assert_array_equal(after.gathered(np.arange(30)), rows[:30])
    np.testing.assert_array_equal(before.gathered(np.arange(10)), rows[:10])


def test_nothing_is_left() -> None:
    with pytest.raises(StorageUnavailable):
        Values([Segment(None, _WIDTH, BitMap())], _SIZE).gathered(np.array([3]))
