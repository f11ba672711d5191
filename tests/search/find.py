"""Random cases that a bug must not get past: they raise Mismatch, unshrunk, once one is found."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.search import datasets
from tests.search.compare import Pair, Query, Shape, Step
from tests.search.strategies import filters, histories, queries, shapes

_SETTINGS = settings(
    max_examples=2_000,
    phases=[Phase.generate],
    derandomize=True,
    database=None,
    report_multiple_bugs=False,
)


def find_in_sequences(folder: Path) -> None:
    @_SETTINGS
    @given(shapes(), histories())
    def check(shape: Shape, history: list[Step]) -> None:
        with tempfile.TemporaryDirectory(dir=folder) as place, Pair(Path(place), shape) as pair:
            pair.replay(history)

    check()


def find_in_queries(folder: Path) -> None:
    @_SETTINGS
    @given(st.integers(0, 5), queries(filters()))
    def check(number: int, query: Query) -> None:
        pairs[number].query(query)

    with contextlib.ExitStack() as stack:
        pairs = [
            stack.enter_context(datasets.build(folder / str(number), number)) for number in range(6)
        ]
        check()
