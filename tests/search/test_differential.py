"""The engine against a naive model: random sequences of operations, and random filtered queries.

In CI more than 10,000 random cases run, else a few hundred.
"""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.search import datasets
from tests.search.compare import Pair, Query, Shape, Step
from tests.search.strategies import filters, histories, queries, shapes

_DATASETS = 24


def test_sequences_of_operations(memory_path: Path, in_ci: bool, cases: dict[str, int]) -> None:
    wanted = 3_100 if in_ci else 200
    ran = itertools.count(1)

    @settings(max_examples=wanted)
    @given(shapes(), histories())
    def check(shape: Shape, history: list[Step]) -> None:
        cases["sequences"] = next(ran)
        with (
            tempfile.TemporaryDirectory(dir=memory_path) as folder,
            Pair(Path(folder), shape) as pair,
        ):
            pair.replay(history)

    check()
    assert cases["sequences"] >= wanted


def test_filtered_queries(memory_path: Path, in_ci: bool, cases: dict[str, int]) -> None:
    wanted = 7_000 if in_ci else 300
    ran = itertools.count(1)

    @settings(max_examples=wanted)
    @given(st.integers(0, _DATASETS - 1), queries(filters()))
    def check(number: int, query: Query) -> None:
        cases["filtered queries"] = next(ran)
        pairs[number].query(query)

    with contextlib.ExitStack() as stack:
        pairs = [
            stack.enter_context(datasets.build(memory_path / str(number), number))
            for number in range(_DATASETS)
        ]
        check()
    assert cases["filtered queries"] >= wanted
