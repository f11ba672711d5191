"""faiss IndexHNSWFlat: float32 vectors and a graph; no ids, filters or durability."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import faiss
import numpy as np

from benchmarks.peers.worker import Ask, Floats, Json, Worker, batches, serve, unit

M = 16
EF_CONSTRUCTION = 200


class FaissHnsw(Worker):
    """HNSW with inner products of unit vectors for cosine."""

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
        faiss.omp_set_num_threads(threads)
        dimensions = np.load(vectors, mmap_mode="r").shape[1]
        kind = faiss.METRIC_L2 if metric == "euclidean" else faiss.METRIC_INNER_PRODUCT
        index = faiss.IndexHNSWFlat(dimensions, M, kind)
        index.hnsw.efConstruction = EF_CONSTRUCTION
        start = time.perf_counter()
        for _, rows in batches(vectors, count, 50_000):
            index.add(unit(rows) if metric == "cosine" else rows)
        done = time.perf_counter() - start
        faiss.write_index(index, str(Path(folder) / "index.faiss"))
        return {"acked": done, "searchable": done, "stored": time.perf_counter() - start}

    def open(self, folder: str, metric: str) -> Json:
        start = time.perf_counter()
        self._metric = metric
        self._index = faiss.read_index(str(Path(folder) / "index.faiss"))
        faiss.omp_set_num_threads(1)
        return {"seconds": time.perf_counter() - start}

    def prepared(self, queries: Floats) -> list[Floats]:
        given = unit(queries) if self._metric == "cosine" else queries
        return [given[number : number + 1] for number in range(len(given))]

    def asker(self, k: int, setting: Json) -> Callable[[Json | None], Ask]:
        self._index.hnsw.efSearch = setting["ef"]
        return lambda _: lambda query: self._index.search(query, k)

    def rows(self, answer: tuple[Floats, Floats]) -> list[int]:
        return [int(row) for row in answer[1][0] if row >= 0]


if __name__ == "__main__":
    serve(FaissHnsw())
