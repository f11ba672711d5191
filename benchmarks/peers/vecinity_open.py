"""Vecinity through `vecinity.open(folder, profile="open")`: ids, metadata, filters, durable."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np

import vecinity
from benchmarks.peers.worker import Ask, Floats, Json, Worker, batches, serve

BATCH = 5_000
_NAME = "bench"


class Vecinity(Worker):
    """The row number in decimal is the id."""

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
        self.create(folder, int(np.load(vectors, mmap_mode="r").shape[1]), metric)
        if metadata:
            _create_indexes(self._index, metadata)
        start = time.perf_counter()
        with Path(metadata or "/dev/null").open(encoding="utf-8") as lines:
            properties = map(json.loads, lines)
            for first, rows in batches(vectors, count, BATCH):
                names = range(first, first + len(rows))
                spaces = [f"n{row % namespaces}" for row in names] if namespaces else None
                given = list(islice(properties, len(rows))) or None
                _write(self._index, "insert", [str(row) for row in names], rows, spaces, given)
        acked = time.perf_counter() - start
        self.wait_indexed()
        done = time.perf_counter() - start
        self._database.close()
        return {"acked": acked, "searchable": done, "stored": time.perf_counter() - start}

    def create(self, folder: str, dimensions: int, metric: str) -> None:
        """An empty index, open."""
        self._database = vecinity.open(folder, profile="open")
        self._database.create_index(_NAME, dimensions=dimensions, metric=metric)
        self._index = self._database.index(_NAME)

    def open(self, folder: str, metric: str) -> Json:
        start = time.perf_counter()
        self._database = vecinity.open(folder, profile="open")
        self._index = self._database.index(_NAME)
        return {"seconds": time.perf_counter() - start}

    def wait_indexed(self, timeout: float = 24 * 3600.0) -> bool:
        """Wait until the search structure covers all rows; False if that takes too long."""
        wait = getattr(self._database, "wait_indexed", None)
        if wait is None:
            return True  # this version has none: every query is exact
        try:
            return wait(timeout) is not False
        except TimeoutError:
            return False

    def asker(self, k: int, setting: Json) -> Callable[[Json | None], Ask]:
        query: Any = self._index.query

        def make(condition: Json | None) -> Ask:
            options = {"top_k": k, **setting, **_options(condition or {})}
            return lambda vector: query(vector, **options)

        return make

    def rows(self, answer: Any) -> list[int]:
        return [int(match.id) for match in answer]

    def upsert(self, ids: str, vectors: str) -> Json:
        """Write the rows of a .npy file under the ids of another; "seconds" it took."""
        names = [str(name) for name in np.load(ids).tolist()]
        values = np.load(vectors)
        start = time.perf_counter()
        for first in range(0, len(names), BATCH):
            part = slice(first, first + BATCH)
            _write(self._index, "upsert", names[part], values[part])
        return {"seconds": time.perf_counter() - start}

    def delete(self, ids: str) -> Json:
        """Delete the ids of a .npy file; "seconds" it took."""
        names = [str(name) for name in np.load(ids).tolist()]
        start = time.perf_counter()
        self._index.delete_by_ids(names)
        return {"seconds": time.perf_counter() - start}

    def linger_beside_writer(
        self,
        queries: str,
        k: int,
        setting: Json,
        seconds: float,
        vectors: str,
        ids: int,
        rate: int,
    ) -> Json:
        """`linger` while a thread upserts `rate` rows/s in batches of 500 under `ids` ids.

        Returns:
            what `linger` does, and "rate": the rows that were written each second.
        """
        stop, written = threading.Event(), [0]
        thread = threading.Thread(
            target=_write_steadily, args=(self._index, vectors, ids, rate, stop, written)
        )
        start = time.perf_counter()
        thread.start()
        result = self.linger(queries, k, setting, seconds)
        stop.set()
        thread.join()
        return {**result, "rate": written[0] / (time.perf_counter() - start)}

    def close(self) -> None:
        if hasattr(self, "_database"):
            self._database.close()


def _write(
    index: Any,
    operation: Literal["insert", "upsert"],
    ids: list[str],
    values: Floats,
    namespaces: list[str] | None = None,
    metadata: list[Json] | None = None,
) -> None:
    arrays = getattr(index, f"{operation}_arrays", None)
    if arrays is not None:
        arrays(ids, values, namespaces=namespaces, metadata=metadata)
        return
    records: list[Json] = [
        {"id": name, "values": row} for name, row in zip(ids, values, strict=True)
    ]
    for number, record in enumerate(records):
        if namespaces:
            record["namespace"] = namespaces[number]
        if metadata:
            record["metadata"] = metadata[number]
    getattr(index, operation)(records)


def _write_steadily(
    index: Any, vectors: str, ids: int, rate: int, stop: threading.Event, written: list[int]
) -> None:
    size = 500
    start = time.perf_counter()
    for first, rows in _forever(vectors, size):
        names = [str((first + number) % ids) for number in range(len(rows))]
        _write(index, "upsert", names, rows)
        written[0] += len(rows)
        if stop.wait(max(0.0, start + written[0] / rate - time.perf_counter())):
            return


def _forever(vectors: str, size: int) -> Iterator[tuple[int, Floats]]:
    while True:
        yield from batches(vectors, len(np.load(vectors, mmap_mode="r")), size)


def _create_indexes(index: Any, metadata: str) -> None:
    with Path(metadata).open(encoding="utf-8") as lines:
        sample = json.loads(next(lines))
    for name, value in sample.items():
        index.create_metadata_index(name, "string" if isinstance(value, str) else "number")


def _options(condition: Json) -> Json:
    if "namespace" in condition:
        return {"namespace": condition["namespace"]}
    if "equal" in condition:
        return {"filter": {condition["property"]: condition["equal"]}}
    if "from" in condition:
        bounds = {"$gte": condition["from"], "$lt": condition["below"]}
        return {"filter": {condition["property"]: bounds}}
    return {}


if __name__ == "__main__":
    serve(Vecinity())
