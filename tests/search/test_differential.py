"""The engine against a naive model: random sequences of operations, and random filtered queries.

In CI more than 10,000 random cases run, else a few hundred.
"""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.search import datasets
from tests.search.compare import Pair, Query, Shape, Step
from tests.search.strategies import filters, queries, shapes, steps

_DATASETS = 24


def test_sequences_of_operations(memory_path: Path, in_ci: bool, cases: dict[str, int]) -> None:
    wanted = 3_100 if in_ci else 200
    ran = itertools.count(1)

    @settings(max_examples=wanted)
    @given(shapes(), st.lists(steps, min_size=1, max_size=12))
    def check(shape: Shape, steps: list[Step]) -> None:
        cases["sequences"] = next(ran)
        with tempfile.TemporaryDirectory(dir=memory_path) as folder:
            pair = Pair(Path(folder), shape)
            try:
                for step in steps:
                    pair.run(step)
                pair.check_everything()
            finally:
                pair.close()

    check()
    assert cases["sequences"] >= wanted


def test_filtered_queries(memory_path: Path, in_ci: bool, cases: dict[str, int]) -> None:
    wanted = 7_000 if in_ci else 300
    ran = itertools.count(1)
    pairs = [datasets.build(memory_path / str(number), number) for number in range(_DATASETS)]

    @settings(max_examples=wanted)
    @given(st.integers(0, _DATASETS - 1), queries(filters))
    def check(number: int, query: Query) -> None:
        cases["filtered queries"] = next(ran)
        pairs[number].query(query)

    try:
        check()
    finally:
        for pair in pairs:
            pair.close()
    assert cases["filtered queries"] >= wanted
