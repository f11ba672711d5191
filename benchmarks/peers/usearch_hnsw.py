"""usearch: float32 vectors and a graph; no filters that use an index, no durability."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from usearch.index import Index

from benchmarks.peers.worker import Ask, Json, Worker, batches, serve

CONNECTIVITY = 16
EXPANSION_ADD = 200
_METRICS = {"cosine": "cos", "euclidean": "l2sq", "dot-product": "ip"}


class Usearch(Worker):
    """The row number is the key."""

    def build(
        self,
        folder: str,
        vectors: str,
        count: int,
        metric: str,
        threads: int,
        metadata: str | None = None,
        namespaces: int | None = None,
    ) -> Json:
        index = Index(
            ndim=np.load(vectors, mmap_mode="r").shape[1],
            metric=_METRICS[metric],
            dtype="f32",
            connectivity=CONNECTIVITY,
            expansion_add=EXPANSION_ADD,
        )
        start = time.perf_counter()
        for first, rows in batches(vectors, count, 50_000):
            index.add(np.arange(first, first + len(rows)), rows, threads=threads)
        done = time.perf_counter() - start
        index.save(str(Path(folder) / "index.usearch"))
        return {"acked": done, "searchable": done, "stored": time.perf_counter() - start}

    def open(self, folder: str, metric: str) -> Json:
        start = time.perf_counter()
        self._index = Index.restore(str(Path(folder) / "index.usearch"))
        return {"seconds": time.perf_counter() - start}

    def asker(self, k: int, setting: Json) -> Callable[[Json | None], Ask]:
        self._index.expansion_search = setting["ef"]
        return lambda _: lambda query: self._index.search(query, k, threads=1)

    def rows(self, answer: Any) -> list[int]:
        return [int(row) for row in answer.keys]


if __name__ == "__main__":
    serve(Usearch())
