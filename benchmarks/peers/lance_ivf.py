"""LanceDB: tables in files, with ids, columns and versions; IVF_HNSW_SQ or IVF_PQ indexes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import lancedb
import numpy as np
import pyarrow as pa
from lancedb.index import HnswSq, IvfPq

from benchmarks.peers.worker import Ask, Json, Worker, batches, serve

_METRICS = {"cosine": "cosine", "euclidean": "l2", "dot-product": "dot"}


class Lance(Worker):
    """Args:
    kind: IVF_HNSW_SQ or IVF_PQ.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind

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
        schema = pa.schema(
            [("id", pa.int64()), ("vector", pa.list_(pa.float32(), dimensions))],
        )
        start = time.perf_counter()
        table = lancedb.connect(folder).create_table(
            "bench", _record_batches(vectors, count, schema), schema=schema
        )
        acked = time.perf_counter() - start
        kind = HnswSq if self._kind == "IVF_HNSW_SQ" else IvfPq
        table.create_index("vector", config=kind(distance_type=_METRICS[metric]))
        done = time.perf_counter() - start
        return {"acked": acked, "searchable": done, "stored": done}

    def open(self, folder: str, metric: str) -> Json:
        start = time.perf_counter()
        self._metric = _METRICS[metric]
        self._table = lancedb.connect(folder).open_table("bench")
        return {"seconds": time.perf_counter() - start}

    def asker(self, k: int, setting: Json) -> Callable[[Json | None], Ask]:
        def ask(query: Any) -> Any:
            search = self._table.search(query).distance_type(self._metric).limit(k)
            search = search.select(["id", "_distance"]).nprobes(setting["nprobes"])
            if "ef" in setting:
                search = search.ef(setting["ef"])
            if "refine" in setting:
                search = search.refine_factor(setting["refine"])
            return search.to_arrow()

        return lambda _: ask

    def rows(self, answer: Any) -> list[int]:
        return [int(row) for row in answer["id"].to_pylist()]


def _record_batches(vectors: str, count: int, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for first, rows in batches(vectors, count, 5_000):
        ids = pa.array(np.arange(first, first + len(rows)))
        values = pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), rows.shape[1])
        yield pa.RecordBatch.from_arrays([ids, values], schema=schema)


if __name__ == "__main__":
    serve(Lance(sys.argv[1]))
