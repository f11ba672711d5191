"""numpy: the exact best of a subset of rows, which the harness names; a bound, not a product."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.peers.worker import Ask, Floats, Json, Worker, serve, unit


class ExactScan(Worker):
    """Settings: {"gathered": true} has the subset's matrix ready, false gathers it each time."""

    def open(self, folder: str, metric: str) -> Json:
        start = time.perf_counter()
        self._vectors = unit(np.load(folder))
        return {"seconds": time.perf_counter() - start}

    def asker(self, k: int, setting: Json) -> Callable[[Json | None], Ask]:
        def make(condition: Json | None) -> Ask:
            rows = np.load((condition or {})["rows"])
            if not setting["gathered"]:
                return lambda query: _best(self._vectors[rows], rows, query, k)
            matrix = self._vectors[rows]
            return lambda query: _best(matrix, rows, query, k)

        return make

    def rows(self, answer: Any) -> list[int]:
        return [int(row) for row in answer]


def _best(matrix: Floats, rows: Any, query: Floats, k: int) -> Any:
    scores = matrix @ query
    if len(scores) > k:
        best = np.argpartition(scores, -k)[-k:]
        return rows[best[np.argsort(-scores[best])]]
    return rows[np.argsort(-scores)]


if __name__ == "__main__":
    serve(ExactScan())
