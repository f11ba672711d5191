"""hnswlib: float32 vectors and a graph; no filters that use an index, no durability."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hnswlib
import numpy as np

from benchmarks.peers.worker import Ask, Json, Worker, batches, serve

M = 16
EF_CONSTRUCTION = 200
_SPACES = {"cosine": "cosine", "euclidean": "l2", "dot-product": "ip"}


class Hnswlib(Worker):
    """The row number is the label."""

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
        dimensions = np.load(vectors, mmap_mode="r").shape[1]
        index = hnswlib.Index(space=_SPACES[metric], dim=dimensions)
        index.init_index(max_elements=count, M=M, ef_construction=EF_CONSTRUCTION)
        index.set_num_threads(threads)
        start = time.perf_counter()
        for first, rows in batches(vectors, count, 50_000):
            index.add_items(rows, np.arange(first, first + len(rows)))
        done = time.perf_counter() - start
        index.save_index(str(Path(folder) / "index.bin"))
        (Path(folder) / "dimensions").write_text(str(dimensions))
        return {"acked": done, "searchable": done, "stored": time.perf_counter() - start}

    def open(self, folder: str, metric: str) -> Json:
        start = time.perf_counter()
        dimensions = int((Path(folder) / "dimensions").read_text())
        self._index = hnswlib.Index(space=_SPACES[metric], dim=dimensions)
        self._index.load_index(str(Path(folder) / "index.bin"))
        self._index.set_num_threads(1)
        return {"seconds": time.perf_counter() - start}

    def asker(self, k: int, setting: Json) -> Callable[[Json | None], Ask]:
        self._index.set_ef(setting["ef"])
        return lambda _: lambda query: self._index.knn_query(query, k)

    def rows(self, answer: Any) -> list[int]:
        return [int(row) for row in answer[0][0]]


if __name__ == "__main__":
    serve(Hnswlib())
