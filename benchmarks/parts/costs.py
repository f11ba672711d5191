"""What scoring rows and scanning codes cost: the constants of the planner's cost model."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pyroaring import BitMap

from benchmarks import pages, sets
from benchmarks.compare import K, describe
from benchmarks.options import Options
from benchmarks.plots import Plot
from benchmarks.progress import bar, step
from benchmarks.sets import VectorSet
from vecinity.batch import Batch
from vecinity.local import costs, exact
from vecinity.local.bits import bits_of
from vecinity.local.engine import LocalEngine
from vecinity.local.index import OpenIndex
from vecinity.local.threads import OneThread
from vecinity.metric import FloatArray, Metric
from vecinity.model import IndexConfig

_ROWS = 100_000
_QUERIES = 100
_SCORED = (250, 500, 1_000, 2_000, 4_000, 8_000)
_PROBED = (1, 4, 16, 64, 256)
_SHARES = (1.0, 0.5, 0.1)
_DEPTH = 100
_BATCH = 10_000


def measure(options: Options) -> dict[str, Any]:
    """Both ways to answer, at two widths, and the constants that fit them best."""
    wide = sets.wide(options, "synthetic-1536", "cosine")
    found = [_run(options, each) for each in (sets.real(options), sets.prefix(wide, _ROWS))]
    return {"rounds": options.rounds, "sets": found, "fitted": _fitted(found)}


def _run(options: Options, vectors: VectorSet) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=options.cache) as home:
        engine = LocalEngine(Path(home), profile="open")
        with step(f"building {vectors.count:,} x {vectors.dimensions}"):
            index = _built(engine, vectors)
        queries = vectors.asked()[:_QUERIES]
        numbers = {
            **describe(vectors),
            "lists": index._blocks.all[0].codes.lists,
            "exact": list(bar("exact", _exact(options, index, queries))),
            "codes": list(bar("codes", _codes(options, index, queries))),
        }
        engine.close()
    return numbers


def _built(engine: LocalEngine, vectors: VectorSet) -> OpenIndex:
    engine.create_index("bench", "i", IndexConfig(vectors.dimensions, Metric.COSINE), None)
    index = engine.open_index("bench", "i")
    rows = vectors.rows()
    for start in range(0, len(rows), _BATCH):
        part = np.array(rows[start : start + _BATCH])
        nothing: list[None] = [None] * len(part)
        ids = [str(start + number) for number in range(len(part))]
        index.insert(Batch(ids, part, [*nothing], [*nothing]))
    while engine.indexing().vectors:
        time.sleep(0.1)
    [found] = engine._pool.open_indexes()
    return found


def _exact(options: Options, index: OpenIndex, queries: FloatArray) -> list[dict[str, Any]]:
    snapshot = index._follower.snapshot
    random = np.random.default_rng(1)
    found = []
    for count in _SCORED:
        rows = np.sort(random.choice(snapshot.mutation.rows, count, replace=False)).astype(np.int64)

        def score(query: FloatArray, rows: Any = rows) -> None:
            exact.nearest(Metric.COSINE, query, K, rows, snapshot.values, index._norms)

        found.append({"rows": count, "ns": _median(options, queries, score)})
    return found


def _codes(options: Options, index: OpenIndex, queries: FloatArray) -> list[dict[str, Any]]:
    [block] = index._blocks.all
    random = np.random.default_rng(2)
    found = []
    for share in _SHARES:
        chosen = np.flatnonzero(random.random(block.end) < share).astype(np.uint32)
        allowed = None if share == 1 else bits_of(BitMap(chosen), block.end)
        for probed in _PROBED:

            def scan(query: FloatArray, probed: int = probed, allowed: Any = allowed) -> None:
                ready = block.codes.prepare(query)
                lists = ready.nearest_lists(probed)
                block.codes.propose(ready, lists, _DEPTH, allowed)

            ns = _median(options, queries, scan)
            copies = block.codes.copies if probed < block.codes.lists else 1
            entries = copies * block.members
            found.append({"share": share, "probed": probed, "entries": entries, "ns": ns})
    return found


def _median(options: Options, queries: FloatArray, work: Callable[[FloatArray], None]) -> float:
    """The median over rounds of each round's median nanoseconds; the first round is not counted."""
    rounds = []
    for _ in range(options.rounds + 1):
        times = []
        with OneThread():
            for query in queries:
                start = time.perf_counter_ns()
                work(query)
                times.append(time.perf_counter_ns() - start)
        rounds.append(statistics.median(times))
    return statistics.median(rounds[1:])


def _fitted(runs: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Nanoseconds, by least squares of the relative errors."""
    exact_names = ("a row", "a row and dimension")
    code_names = ("a scan", "a list", "a code and dimension", "a selected code")
    scored, scanned = [], []
    for run in runs:
        wide = run["dimensions"]
        scored += [([each["rows"], each["rows"] * wide], each["ns"]) for each in run["exact"]]
        for point in run["codes"]:
            codes = point["entries"] / run["lists"] * point["probed"]
            selected = codes if point["share"] < 1 else 0.0
            features = [1.0, point["probed"], (codes + run["lists"]) * wide, selected]
            scanned.append((features, point["ns"]))
    return {
        **dict(zip(exact_names, _least_squares(scored), strict=True)),
        **dict(zip(code_names, _least_squares(scanned), strict=True)),
    }


def _least_squares(points: Sequence[tuple[list[float], float]]) -> list[float]:
    features = np.array([[value / ns for value in given] for given, ns in points])
    solution: list[float] = np.linalg.lstsq(features, np.ones(len(points)))[0].tolist()
    return solution


def page(numbers: dict[str, Any]) -> tuple[list[str], list[Plot]]:
    used = {
        "a row": costs.ROW,
        "a row and dimension": costs.ROW_DIMENSION,
        "a scan": costs.FIXED,
        "a list": costs.LIST,
        "a code and dimension": costs.CODE_DIMENSION,
        "a selected code": costs.SELECTED_CODE,
    }
    constants = [
        [name, f"{value:.4g}", f"{used[name]:.4g}"] for name, value in numbers["fitted"].items()
    ]
    rows = [row for run in numbers["sets"] for row in _rows(run)]
    return [
        "# What the planner's steps cost",
        "",
        f"One thread, medians of {numbers['rounds']} rounds of {_QUERIES} queries: scoring random "
        f"rows exactly, and scanning lists of codes for {_DEPTH} proposals. The planner compares "
        "the two by the constants of `local/costs.py`; only their ratios matter.",
        "",
        *pages.table(["nanoseconds of", "fitted here", "in use"], constants),
        "",
        *pages.table(["set", "what", "measured µs", "by the constants in use"], rows),
    ], []


def _rows(run: dict[str, Any]) -> list[list[str]]:
    name, wide = f"{run['rows']:,} x {run['dimensions']}", run["dimensions"]
    rows = []
    for point in run["exact"]:
        model = costs.exact(point["rows"], wide)
        rows.append([name, f"{point['rows']:,} rows", *_both(point["ns"], model)])
    for point in run["codes"]:
        selected = point["share"] < 1
        model = costs.codes(
            run["lists"], point["probed"], point["entries"], 0, wide, selected=selected
        )
        what = f"{point['probed']} of {run['lists']} lists"
        what += f", {point['share']:.0%} selected" if selected else ""
        rows.append([name, what, *_both(point["ns"], model)])
    return rows


def _both(measured: float, model: float) -> list[str]:
    return [f"{measured / 1e3:,.0f}", f"{model / 1e3:,.0f}"]
