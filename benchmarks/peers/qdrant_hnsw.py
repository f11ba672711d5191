"""qdrant-edge: Qdrant's engine in process, with ids, payloads, filters and a write-ahead log."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from qdrant_edge import (
    Distance,
    EdgeConfig,
    EdgeOptimizersConfig,
    EdgeShard,
    EdgeVectorParams,
    FieldCondition,
    Filter,
    HnswIndexConfig,
    MatchValue,
    PayloadSchemaType,
    Point,
    Query,
    RangeFloat,
    SearchParams,
    SearchRequest,
    UpdateOperation,
)

from benchmarks.peers.worker import Ask, Floats, Json, Worker, batches, serve

M = 16
EF_CONSTRUCT = 200
FULL_SCAN_KILOBYTES = 10_000
_DISTANCES = {
    "cosine": Distance.Cosine,
    "euclidean": Distance.Euclid,
    "dot-product": Distance.Dot,
}


class Qdrant(Worker):
    """One segment, payload indexes for what the metadata has; then `optimize()`."""

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
        shard = EdgeShard.create(folder, _config(dimensions, metric, threads))
        start = time.perf_counter()
        with Path(metadata or "/dev/null").open(encoding="utf-8") as lines:
            payloads = map(json.loads, lines)
            for first, rows in batches(vectors, count, 5_000):
                points = _points(first, rows, payloads)
                shard.update(UpdateOperation.upsert_points(points))
        shard.flush()
        acked = time.perf_counter() - start
        if metadata:
            _create_indexes(shard, metadata)
        shard.optimize()
        done = time.perf_counter() - start
        shard.flush()
        shard.close()
        return {"acked": acked, "searchable": done, "stored": time.perf_counter() - start}

    def open(self, folder: str, metric: str) -> Json:
        start = time.perf_counter()
        self._shard = EdgeShard.load(folder)
        return {"seconds": time.perf_counter() - start}

    def prepared(self, queries: Floats) -> list[Any]:
        return [query.tolist() for query in queries]

    def asker(self, k: int, setting: Json) -> Callable[[Json | None], Ask]:
        params = SearchParams(hnsw_ef=setting["ef"])

        def make(condition: Json | None) -> Ask:
            chosen = _filter(condition) if condition else None
            return lambda query: self._shard.search(
                SearchRequest(query=Query.Nearest(query), limit=k, filter=chosen, params=params)
            )

        return make

    def rows(self, answer: Any) -> list[int]:
        return [int(point.id) for point in answer]

    def close(self) -> None:
        if hasattr(self, "_shard"):
            self._shard.close()


def _config(dimensions: int, metric: str, threads: int) -> EdgeConfig:
    return EdgeConfig(
        vectors=EdgeVectorParams(size=dimensions, distance=_DISTANCES[metric]),
        hnsw_config=HnswIndexConfig(
            m=M,
            ef_construct=EF_CONSTRUCT,
            full_scan_threshold=FULL_SCAN_KILOBYTES,
            max_indexing_threads=threads,
        ),
        optimizers=EdgeOptimizersConfig(default_segment_number=1, max_segment_size=100_000_000),
    )


def _points(first: int, rows: Floats, payloads: Iterator[Json]) -> list[Point]:
    given: list[Json | None] = [*islice(payloads, len(rows))] or [None] * len(rows)
    return [
        Point(first + number, values, payload)
        for number, (values, payload) in enumerate(zip(rows.tolist(), given, strict=True))
    ]


def _create_indexes(shard: EdgeShard, metadata: str) -> None:
    with Path(metadata).open(encoding="utf-8") as lines:
        sample = json.loads(next(lines))
    for name, value in sample.items():
        kind = PayloadSchemaType.Keyword if isinstance(value, str) else PayloadSchemaType.Float
        shard.update(UpdateOperation.create_field_index(name, kind))


def _filter(condition: Json) -> Filter:
    if "equal" in condition:
        field = FieldCondition(condition["property"], match=MatchValue(condition["equal"]))
    else:
        bounds = RangeFloat(gte=condition["from"], lt=condition["below"])
        field = FieldCondition(condition["property"], range=bounds)
    return Filter(must=[field])


if __name__ == "__main__":
    serve(Qdrant())
