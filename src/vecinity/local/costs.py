"""What each way to answer a query costs, in nanoseconds: where the planner's crossing points are.

Only their ratios matter; being wrong by half moves the crossing point a little, where both ways
cost nearly the same. The part `costs` of the benchmarks fits them anew (docs/benchmarks/costs.md):
on a machine three times as fast as the one they are from, their ratios at 384 dimensions held.
"""

from __future__ import annotations

FIXED = 80_000.0
"""A scan of codes, however small."""

LOOK = 100_000.0
"""Learning where candidates are, and telling faiss which they are."""

ROW = 45.0
ROW_DIMENSION = 0.2
LIST = 350.0
CODE_DIMENSION = 0.008
SELECTED_CODE = 3.0


def exact(rows: float, dimensions: int) -> float:
    """Scoring `rows` rows wherever they stand."""
    return rows * (ROW + ROW_DIMENSION * dimensions)


def codes(
    lists: int, probed: int, entries: int, proposals: int, dimensions: int, *, selected: bool
) -> float:
    """Probing some of a block's lists with `entries` codes in all, and scoring the proposals."""
    a_code = CODE_DIMENSION * dimensions + (SELECTED_CODE if selected else 0.0)
    return (
        FIXED
        + lists * CODE_DIMENSION * dimensions
        + probed * (LIST + entries / lists * a_code)
        + exact(proposals, dimensions)
    )
