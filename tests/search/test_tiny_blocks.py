"""The differential tests again with tiny tails and blocks, so that every path is taken."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from tests.search import datasets
from tests.search.compare import Mismatch, Pair, Query, Shape, Step
from tests.search.find import find_in_queries, find_in_sequences
from tests.search.strategies import filters, histories, queries, shapes
from tests.support import tiny
from vecinity.local import bits, proposals
from vecinity.local.block import Block
from vecinity.local.blocks import Blocks
from vecinity.local.proposals import Proposals, _Proposed

_DATASETS = 8
_SMALLEST_TAIL = 4


@pytest.fixture(params=[tiny.TAIL_ROWS, _SMALLEST_TAIL])
def counted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[tiny.Counted]:
    """Tiny blocks, built before a write returns; counts the paths taken."""
    return tiny.shrink(monkeypatch, at_once=True, tail_rows=request.param)


def test_sequences_of_operations(
    memory_path: Path, in_ci: bool, cases: dict[str, int], counted: type[tiny.Counted]
) -> None:
    wanted = 600 if in_ci else 60
    ran = itertools.count(1)
    before = (counted.builds, counted.scans, counted.tails)

    @settings(max_examples=wanted)
    @given(shapes(), histories(all_ids=True))
    def check(shape: Shape, history: list[Step]) -> None:
        cases["sequences with tiny blocks"] = next(ran)
        with (
            tempfile.TemporaryDirectory(dir=memory_path) as folder,
            Pair(Path(folder), shape) as pair,
        ):
            pair.replay(history)

    check()
    assert counted.builds - before[0] >= wanted
    assert counted.scans - before[1] > wanted
    assert counted.tails > before[2]


def test_filtered_queries(
    memory_path: Path, in_ci: bool, cases: dict[str, int], counted: type[tiny.Counted]
) -> None:
    wanted = 2_000 if in_ci else 200
    before = (counted.scans, counted.selections)
    with _built(memory_path) as pairs:
        _ask(pairs, wanted, cases)
    assert counted.scans - before[0] > wanted / 4
    assert counted.selections - before[1] > wanted / 20


@contextlib.contextmanager
def _built(folder: Path) -> Iterator[list[Pair]]:
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(datasets.build(folder / str(number), number))
            for number in range(_DATASETS)
        ]


def _ask(pairs: list[Pair], wanted: int, cases: dict[str, int]) -> None:
    ran = itertools.count(1)

    @settings(max_examples=wanted)
    @given(st.integers(0, _DATASETS - 1), queries(filters()))
    def check(number: int, query: Query) -> None:
        cases["filtered queries over tiny blocks"] = next(ran)
        pairs[number].query(query)

    check()


def _forgets_the_tail(patch: pytest.MonkeyPatch) -> None:
    uncovered = Blocks.uncovered
    patch.setattr(Blocks, "uncovered", lambda self, rows: uncovered(self, rows)[:-1])


def _loses_a_proposal(patch: pytest.MonkeyPatch) -> None:
    proposed = Proposals._proposed

    def planted(self: Proposals, block: Block, count: int) -> _Proposed | None:
        found = proposed(self, block, count)
        if found is None:
            return None
        kept = found.rows != found.rows[:1]
        return found._replace(rows=found.rows[kept], distances=found.distances[kept])

    patch.setattr(Proposals, "_proposed", planted)


def _selects_the_neighbours_of_rows(patch: pytest.MonkeyPatch) -> None:
    bits_of = bits.bits_of

    def planted(bitmap: BitMap, rows: int) -> object:
        return bits_of(BitMap([row + 1 for row in bitmap]), rows)

    patch.setattr(proposals, "bits_of", planted)


@pytest.mark.parametrize(
    ("plant", "find"),
    [
        (_forgets_the_tail, find_in_sequences),
        (_loses_a_proposal, find_in_queries),
        (_selects_the_neighbours_of_rows, find_in_queries),
    ],
)
def test_a_planted_bug_is_found(
    plant: Callable[[pytest.MonkeyPatch], None],
    find: Callable[[Path], None],
    memory_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tiny.shrink(monkeypatch, at_once=True, tail_rows=_SMALLEST_TAIL)
    plant(monkeypatch)
    with pytest.raises(Mismatch):
        find(memory_path)
