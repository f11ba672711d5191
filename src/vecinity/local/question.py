"""What a query asks of its candidates."""

from __future__ import annotations

from typing import NamedTuple

from vecinity.metric import FloatArray, Metric


class Question(NamedTuple):
    """The best `k` for `query` (d,), of which a share of `recall` should be found.

    `filtered` says that the candidates are not just all that are alive, `itself` is a row that
    comes first among equal scores, or -1.
    """

    metric: Metric
    query: FloatArray
    k: int
    recall: float
    filtered: bool
    itself: int = -1
