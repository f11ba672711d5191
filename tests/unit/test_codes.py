"""Codes in two lists each: laid out as faiss reads them, all found, the same from their file."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest

from vecinity.local import lists, packing
from vecinity.local.codes import Codes
from vecinity.local.encoder import Encoder
from vecinity.metric import FloatArray, Metric

_ROWS = 9_000
_LISTS = 512
_DIMENSIONS = 32


def _values(count: int, seed: int) -> FloatArray:
    return np.random.default_rng(seed).standard_normal((count, _DIMENSIONS)).astype(np.float32)


@pytest.fixture(scope="module", params=list(Metric))
def codes(request: pytest.FixtureRequest) -> Codes:
    values = _values(_ROWS, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lists, "_TWO_COPIES", 1)
        encoder = Encoder.trained(request.param, values, _ROWS, None)
    for start in range(0, _ROWS, 4_000):
        part = values[start : start + 4_000]
        encoder.add(np.arange(start, start + len(part)) + 100, part)
    return encoder.codes()


@pytest.mark.parametrize("width", [1, 3, 12, 48])
@pytest.mark.parametrize("rows", [1, 31, 32, 100])
def test_codes_are_packed_as_faiss_packs_them(rows: int, width: int) -> None:
    groups = 2 * width
    given = np.random.default_rng(rows).integers(0, 256, (rows, width)).astype(np.uint8)
    coarse = faiss.IndexFlatL2(groups)
    index = faiss.IndexIVFPQFastScan(coarse, groups, 1, groups, 4, faiss.METRIC_L2)
    packer = index.get_CodePacker()
    expected = np.zeros((-(-rows // packer.nvec), packer.block_size), np.uint8)
    for number, code in enumerate(given):
        packer.pack_1(code, number, expected)
    assert np.array_equal(packing.pack(given).reshape(expected.shape), expected)


def test_every_row_is_in_two_lists(codes: Codes) -> None:
    assert codes.lists == _LISTS
    assert codes.copies == 2
    lists_of = []
    for copy in range(2):
        rows = codes.rows(copy)
        order = np.argsort(rows)
        assert np.array_equal(rows[order], np.arange(_ROWS) + 100)
        lists_of.append(np.repeat(np.arange(codes.lists), codes.list_sizes(copy))[order])
    assert (lists_of[0] != lists_of[1]).all()


def test_all_lists_propose_every_row_once(codes: Codes) -> None:
    query = codes.prepare(_values(1, 2)[0])
    rows, distances = codes.propose(query, query.nearest_lists(codes.lists), 2 * _ROWS, None)
    assert np.array_equal(np.sort(rows), np.arange(_ROWS) + 100)
    assert (np.diff(distances) >= 0).all()


def test_some_lists_propose_what_is_in_one_or_both(codes: Codes) -> None:
    query = codes.prepare(_values(1, 2)[0])
    everything = dict(
        zip(*codes.propose(query, query.nearest_lists(codes.lists), _ROWS, None), strict=True)
    )
    probed = query.nearest_lists(20)
    expected = []
    for copy in range(2):
        list_of = np.repeat(np.arange(codes.lists), codes.list_sizes(copy))
        expected.append(codes.rows(copy)[np.isin(list_of, probed)])
    rows, distances = codes.propose(query, probed, 2 * _ROWS, None)
    assert np.array_equal(np.sort(rows), np.sort(np.concatenate(expected)))
    assert len(np.unique(rows)) < len(rows)
    assert [everything[row] for row in rows] == distances.tolist()


def test_only_what_is_allowed_is_proposed(codes: Codes) -> None:
    allowed = np.zeros(_ROWS // 8 + 20, np.uint8)
    allowed[50] = 0b101  # rows 400 and 402
    query = codes.prepare(_values(1, 3)[0])
    rows, _ = codes.propose(query, query.nearest_lists(codes.lists), 10, allowed)
    assert sorted(rows.tolist()) == [400, 402]


def test_the_nearest_lists_are_in_order_and_within_reach(codes: Codes) -> None:
    query = codes.prepare(_values(1, 4)[0])
    everything = query.nearest_lists(codes.lists)
    reaches = query.reaches(codes.lists)
    assert sorted(everything.tolist()) == list(range(codes.lists))
    assert reaches[0] == 0
    assert (np.diff(reaches) >= 0).all()
    assert len(query.nearest_lists(codes.lists, float(reaches[9]))) >= 10
    assert len(query.nearest_lists(codes.lists, 0.0)) < 10
    assert query.nearest_lists(5, float(reaches[9])).tolist() == everything[:5].tolist()


def test_lists_too_far_for_the_codes_are_still_there(codes: Codes) -> None:
    """Values of wildly different sizes leave none of them a distance."""
    query = codes.prepare(np.full(_DIMENSIONS, 1e18, np.float32))
    assert sorted(query.nearest_lists(codes.lists).tolist()) == list(range(codes.lists))


def test_codes_are_the_same_from_their_file(codes: Codes, tmp_path: Path) -> None:
    path = tmp_path / "codes"
    with path.open("wb") as file:
        start = codes.write(file.write)
    read = Codes.read(path, start, codes.metric, _DIMENSIONS, codes.scale)
    path.unlink()
    assert (read.lists, read.copies) == (codes.lists, codes.copies)
    for copy in range(2):
        assert np.array_equal(codes.rows(copy), read.rows(copy))
        assert np.array_equal(codes.list_sizes(copy), read.list_sizes(copy))
    for number, query in enumerate(_values(20, 5)):
        prepared, again = codes.prepare(query), read.prepare(query)
        near = prepared.nearest_lists(8)
        assert np.array_equal(near, again.nearest_lists(8)), number
        for probed in (near, prepared.nearest_lists(codes.lists)):
            rows, distances = read.propose(again, probed, 50, None)
            assert np.array_equal(codes.propose(prepared, probed, 50, None)[1], distances)
        assert len(np.unique(rows)) == 50, "all lists propose a row once"


def test_a_file_that_ends_too_early(codes: Codes, tmp_path: Path) -> None:
    with (tmp_path / "codes").open("wb") as file:
        start = codes.write(file.write)
        file.truncate(start + 8)
    with pytest.raises(ValueError, match="buffer"):
        Codes.read(tmp_path / "codes", start, codes.metric, _DIMENSIONS, codes.scale)
