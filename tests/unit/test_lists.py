"""Every row stands in its nearest list and in one that is near in another direction."""

from __future__ import annotations

import numpy as np
import pytest

from vecinity.local import lists as module
from vecinity.local.lists import Lists, copies_for, lists_for, sample_for
from vecinity.metric import FloatArray


def _rows(count: int, seed: int, dimensions: int = 24) -> FloatArray:
    random = np.random.default_rng(seed)
    topics = np.random.default_rng(0).standard_normal((40, dimensions))
    made = topics[random.integers(40, size=count)] + random.standard_normal((count, dimensions))
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return made.astype(np.float32)


def _squares(rows: FloatArray, lists: Lists) -> FloatArray:
    offsets = rows[:, np.newaxis] - lists.centroids
    return np.asarray((offsets.astype(np.float64) ** 2).sum(axis=2), np.float32)


def test_small_blocks_have_one_list_and_large_ones_many() -> None:
    counts = [lists_for(rows, rows) for rows in (1, 8_191, 8_192, 89_112, 1_000_000, 3_999_999)]
    assert counts == [1, 1, 64, 128, 4_096, 8_192]
    assert lists_for(10_000_000, 10_000_000) == 4_096
    assert all(count * 8 <= sample_for(rows) for count, rows in ((64, 8_192), (4_096, 1_000_000)))


def test_a_small_sample_trains_few_lists() -> None:
    assert lists_for(1_000_000, 100) == 12
    assert lists_for(1_000_000, 3) == 1


def test_only_large_blocks_hold_rows_twice_and_the_largest_do_not() -> None:
    assert [copies_for(rows) for rows in (1, 199_999, 4_000_000, 10_000_000)] == [1] * 4
    assert [copies_for(rows) for rows in (200_000, 1_000_000, 3_999_999)] == [2] * 3
    rows = _rows(500, 2)
    once = Lists(_trained(64).centroids, 1).of(rows)
    assert np.array_equal(once[:, 0], _trained(64).of(rows)[:, 0])


def _trained(count: int, sample: int = 2_000) -> Lists:
    """Lists whose rows stand in two of them."""
    centroids = module._centroids(_rows(sample, 1), count)
    return Lists(centroids, 2)


def test_a_single_list_holds_every_row_once() -> None:
    lists = Lists.trained(_rows(50, 1), 50)
    assert lists.of(_rows(7, 2)).tolist() == [[0]] * 7


def test_the_first_list_is_the_nearest() -> None:
    lists = _trained(64)
    rows = _rows(500, 2)
    first = lists.of(rows)[:, 0]
    squares = _squares(rows, lists)
    found = np.take_along_axis(squares, first[:, np.newaxis], axis=1)[:, 0]
    assert np.allclose(found, squares.min(axis=1), atol=1e-5)


def test_the_second_list_is_near_in_another_direction() -> None:
    """It has the least loss of SOAR among the nearest few, computed from its definition."""
    lists = _trained(64)
    rows = _rows(300, 2)
    squares = _squares(rows, lists)
    nearest_few = np.argsort(squares, axis=1)[:, : module._NEAR_LISTS]
    directions = 0
    for row, (first, second), few in zip(rows, lists.of(rows), nearest_few, strict=True):
        offset = row - lists.centroids[first]
        along = (row - lists.centroids) @ (offset / np.linalg.norm(offset))
        loss = ((row - lists.centroids) ** 2).sum(axis=1) + module._ORTHOGONAL * along**2
        loss[first] = np.inf
        assert second in few
        assert loss[second] <= loss[few].min() + 1e-4
        directions += second != few[1]
    assert directions > 50  # else it were just the second nearest


def test_of_many_lists_nearly_all_rows_find_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ALL_COMPARED", 100)
    lists = _trained(512, 8_000)
    rows = _rows(1_000, 2)
    assert (lists.of(rows)[:, 0] == _squares(rows, lists).argmin(axis=1)).mean() > 0.9


def test_equal_rows_are_no_trouble() -> None:
    rows = np.ones((600, 8), np.float32)
    lists = Lists.trained(rows, 1_000_000)
    assert lists.copies == 2
    found = lists.of(rows)
    assert found.shape == (600, 2)
    assert found.min() >= 0
    assert found.max() < lists.count


def test_every_list_is_dealt_out_once() -> None:
    sizes = np.array([5, 0, 1, 300, 14])
    shares = module._shares(sizes, 32)
    assert shares.sum() == 32
    assert (shares <= sizes).all()
