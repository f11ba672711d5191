"""Where the time of an ingest and of a query goes: one thread, timed from outside."""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import vecinity
from benchmarks.dataset import METADATA_INDEXES, Dataset
from vecinity import arrays, database
from vecinity.batch import Batch, BatchBuilder
from vecinity.local import block, exact, mutations, store
from vecinity.local.blocks import Job
from vecinity.local.build import build
from vecinity.local.codes import Codes
from vecinity.local.encoder import Encoder
from vecinity.local.engine import LocalEngine, LocalIndex
from vecinity.local.follower import Follower
from vecinity.local.heads_keeper import HeadsKeeper
from vecinity.local.index import OpenIndex
from vecinity.local.neighbors import Neighbors
from vecinity.local.recall import Curves
from vecinity.local.rows import Segment, Segments
from vecinity.local.values import Values
from vecinity.metric import Metric
from vecinity.model import IndexConfig
from vecinity.query import QueryOptions
from vecinity.server import vectors
from vecinity.server.call import Call
from vecinity.server.settings import ServerSettings

_Stages = list[tuple[str, Any, str]]

_WRITE: _Stages = [
    ("ids looked up", store, "newest_rows"),
    ("row checksums", mutations, "row_crcs"),
    ("rows written to segments", Segments, "append"),
    ("rows inserted into SQLite", store, "add_rows"),
    ("deaths inserted into SQLite", store, "add_deaths"),
    ("rows synced (fdatasync)", Segments, "sync"),
    ("checksums of full segments", Segment, "checksum"),
    ("columns and snapshot", Follower, "apply"),
]
INGEST: _Stages = [
    ("JSON to records", vectors, "_decoded_lines"),
    ("checks, floats to a matrix, metadata to compact JSON", BatchBuilder, "add"),
    ("slices joined to one matrix", BatchBuilder, "build"),
    *_WRITE,
]
ARRAYS: _Stages = [
    ("checks, a copy of the matrix", database, "batch_of_arrays"),
    ("metadata to compact JSON", arrays, "_metadata"),
    *_WRITE,
]

BUILD: _Stages = [
    ("rows read", Values, "gathered"),
    ("lists and quantiser trained", Encoder, "trained"),
    ("rows encoded", Encoder, "add"),
    ("lists filled", Encoder, "codes"),
    ("a sample searched exactly", Neighbors, "add"),
    ("curves measured with it", Curves, "measured"),
    ("the file written and synced", block, "save"),
]

_KERNELS = "distances in float32 (faiss)"
_BOUNDS = "bounds of their errors, what can be among the best"
QUERY: _Stages = [
    ("lists found", Codes, "nearest_lists"),
    ("codes scanned", Codes, "propose"),
    (_KERNELS, exact, "_run_kernel"),
    (_BOUNDS, exact, "_may_be_best"),
    ("scores in float64", exact, "_exact"),
    ("rows named by their heads, verified", HeadsKeeper, "of"),
    ("rows without one read and verified", OpenIndex, "_read"),
]


def ingest_stages(data: Dataset, bodies: list[bytes]) -> list[str]:
    """A Markdown table of microseconds a vector, from the body's bytes to durable and visible."""
    spent: dict[str, float] = defaultdict(float)
    with (
        tempfile.TemporaryDirectory(dir=Path.cwd()) as home,
        _stopwatches(INGEST, spent),
    ):
        engine, index = _empty_index(home)
        for name, kind in METADATA_INDEXES.items():
            index.create_metadata_index(name, kind)  # type: ignore[arg-type] # known types
        spent.clear()
        start = time.perf_counter()
        for body in bodies:
            call = Call(engine, ServerSettings(), "bench", "real", body=body)
            index.insert(vectors.read_batch(call, "insert", 384, discard=False))
        total = time.perf_counter() - start
        engine.close()
    title = "One thread, without HTTP, from the bytes of the body to durable and visible:"
    return _microseconds(title, INGEST, spent, total, len(data.ids))


def array_stages(
    data: Dataset, batch: int, *, metadata_indexes: bool = False, upserts: int = 0
) -> list[str]:
    """A Markdown table of microseconds a vector, from columns to durable and visible.

    Args:
        upserts: time this many of them in random order, once all is inserted, and not the inserts.
    """
    spent: dict[str, float] = defaultdict(float)
    count = len(data.ids)
    with (
        tempfile.TemporaryDirectory(dir=Path.cwd()) as home,
        _stopwatches(ARRAYS, spent),
        vecinity.open(home, profile="open") as db,
    ):
        db.create_index("real", dimensions=384, metric=Metric.COSINE)
        index = db.index("real")
        for name, kind in METADATA_INDEXES.items() if metadata_indexes else ():
            index.create_metadata_index(name, kind)  # type: ignore[arg-type] # known types
        total = _write(index.insert_arrays, data, np.arange(count), batch, spent)
        if upserts:
            order = np.random.default_rng(1).permutation(np.arange(upserts) % count)
            total = _write(index.upsert_arrays, data, order, batch, spent)
    spent["checks, a copy of the matrix"] -= spent["metadata to compact JSON"]
    written = f"{upserts:,} upserts" if upserts else f"{count:,} inserts"
    title = f"One thread, {written} in batches of {batch:,}, from columns to durable and visible:"
    return _microseconds(title, ARRAYS, spent, total, upserts or count)


def build_stages(data: Dataset) -> list[str]:
    """A Markdown table of microseconds a vector, of building one block of all."""
    spent: dict[str, float] = defaultdict(float)
    count = len(data.ids)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as home:
        engine = LocalEngine(Path(home), tail_rows=2 * count)
        engine.create_index("bench", "real", IndexConfig(384, Metric.COSINE), None)
        index = engine.open_index("bench", "real")
        nothing: list[None] = [None] * count
        index.insert(Batch(data.ids, data.vectors, [*nothing], [*nothing]))
        with _stopwatches(BUILD, spent):
            start = time.perf_counter()
            build(Path(home) / "indexes" / index.id, Job(0, count, 1, None))
            total = time.perf_counter() - start
        engine.close()
    title = "Building the block, all cores, which goes on in a process of its own meanwhile:"
    return _microseconds(title, BUILD, spent, total, count)


def _write(
    write: Callable[..., str],
    data: Dataset,
    order: NDArray[np.int64],
    batch: int,
    spent: dict[str, float],
) -> float:
    """Write the vectors numbered `order`; the seconds that the calls took."""
    spent.clear()
    total = 0.0
    for start in range(0, len(order), batch):
        part = order[start : start + batch]
        rows = data.vectors[part]
        ids, metadata = [data.ids[n] for n in part], [data.metadata[n] for n in part]
        began = time.perf_counter()
        write(ids, rows, metadata=metadata)
        total += time.perf_counter() - began
    return total


def _microseconds(
    title: str, stages: _Stages, spent: dict[str, float], total: float, count: int
) -> list[str]:
    rows = [(stage, spent[stage]) for stage, _, _ in stages]
    rest = "the rest" if stages is BUILD else "the rest: commit (fsync of SQLite's log), slicing"
    rows.append((rest, total - sum(spent.values())))
    return [
        title,
        "",
        "| stage | µs a vector | share |",
        "| --- | --- | --- |",
        *(f"| {stage} | {s / count * 1e6:.1f} | {s / total:.0%} |" for stage, s in rows),
        f"| all | {total / count * 1e6:.1f} | 100% |",
    ]


def query_stages(data: Dataset) -> list[str]:
    """A Markdown table of milliseconds a query for the best 10 of the whole set."""
    spent: dict[str, float] = defaultdict(float)
    options = QueryOptions(top_k=10)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as home:
        engine, index = _empty_index(home)
        nothing: list[None] = [None] * len(data.ids)
        index.insert(Batch(data.ids, data.vectors, [*nothing], [*nothing]))
        while engine.indexing().vectors:
            time.sleep(0.1)
        index.query(data.queries[0], options)
        with _stopwatches(QUERY, spent):
            start = time.perf_counter()
            for query in data.queries:
                index.query(query, options)
            total = time.perf_counter() - start
        engine.close()
    spent[_BOUNDS] -= spent[_KERNELS]
    rows = [(stage, spent[stage]) for stage, _, _ in QUERY]
    rows.append(("the rest", total - sum(spent.values())))
    count = len(data.queries)
    return [
        f"One thread, without HTTP, mean of {count} queries for the best 10:",
        "",
        "| stage | ms a query | share |",
        "| --- | --- | --- |",
        *(f"| {stage} | {s / count * 1e3:.2f} | {s / total:.0%} |" for stage, s in rows),
        f"| all | {total / count * 1e3:.2f} | 100% |",
    ]


def _empty_index(home: str) -> tuple[LocalEngine, LocalIndex]:
    engine = LocalEngine(Path(home))
    engine.create_index("bench", "real", IndexConfig(384, Metric.COSINE), None)
    return engine, engine.open_index("bench", "real")


@contextmanager
def _stopwatches(stages: _Stages, spent: dict[str, float]) -> Iterator[None]:
    """Time every call of the stages' functions."""
    originals = [(owner, name, getattr(owner, name)) for _, owner, name in stages]
    for stage, owner, name in stages:
        setattr(owner, name, _timed(spent, stage, getattr(owner, name)))
    try:
        yield
    finally:
        for owner, name, original in originals:
            setattr(owner, name, original)


def _timed(spent: dict[str, float], stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def timed(*arguments: Any, **options: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*arguments, **options)
        finally:
            spent[stage] += time.perf_counter() - start

    return timed
