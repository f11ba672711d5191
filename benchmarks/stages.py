"""Where the time of an ingest goes: the stages of one thread, timed from outside."""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.dataset import METADATA_INDEXES, Dataset
from vecinity.batch import BatchBuilder
from vecinity.local import mutations, store
from vecinity.local.engine import LocalEngine
from vecinity.local.follower import Follower
from vecinity.local.rows import Segments
from vecinity.metric import Metric
from vecinity.model import IndexConfig
from vecinity.server import vectors
from vecinity.server.call import Call
from vecinity.server.settings import ServerSettings

_STAGES: list[tuple[str, Any, str]] = [
    ("JSON to records", vectors, "_decoded_lines"),
    ("checks, floats to a matrix, metadata to compact JSON", BatchBuilder, "add"),
    ("slices joined to one matrix", BatchBuilder, "build"),
    ("ids looked up", store, "newest_rows"),
    ("row checksums", mutations, "row_crc"),
    ("rows written to segments", Segments, "append"),
    ("rows inserted into SQLite", store, "add_rows"),
    ("rows synced (fdatasync)", Segments, "sync"),
    ("columns and snapshot", Follower, "apply"),
]


def ingest_stages(data: Dataset, bodies: list[bytes]) -> list[str]:
    """A Markdown table of microseconds a vector, from the body's bytes to durable and visible."""
    spent: dict[str, float] = defaultdict(float)
    with (
        tempfile.TemporaryDirectory(dir=Path.cwd()) as home,
        _stopwatches(spent),
    ):
        engine = LocalEngine(Path(home))
        engine.create_index("bench", "real", IndexConfig(384, Metric.COSINE), None)
        index = engine.open_index("bench", "real")
        for name, kind in METADATA_INDEXES.items():
            index.create_metadata_index(name, kind)  # type: ignore[arg-type] # known types
        spent.clear()
        start = time.perf_counter()
        for body in bodies:
            call = Call(engine, ServerSettings(), "bench", "real", body=body)
            index.insert(vectors.read_batch(call, "insert", 384, discard=False))
        total = time.perf_counter() - start
        engine.close()
    rows = [(stage, spent[stage]) for stage, _, _ in _STAGES]
    rows.append(("the rest: commit (fsync of SQLite's log), slicing", total - sum(spent.values())))
    count = len(data.ids)
    return [
        "One thread, without HTTP, from the bytes of the body to durable and visible:",
        "",
        "| stage | µs a vector | share |",
        "| --- | --- | --- |",
        *(f"| {stage} | {s / count * 1e6:.1f} | {s / total:.0%} |" for stage, s in rows),
        f"| all | {total / count * 1e6:.1f} | 100% |",
    ]


@contextmanager
def _stopwatches(spent: dict[str, float]) -> Iterator[None]:
    """Time every call of the stages' functions."""
    originals = [(owner, name, getattr(owner, name)) for _, owner, name in _STAGES]
    for stage, owner, name in _STAGES:
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
