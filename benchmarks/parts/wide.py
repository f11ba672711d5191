"""Wide vectors, three metrics: recall at the default, latency and memory, beside faiss HNSW."""

from __future__ import annotations

from typing import Any

from benchmarks import pages, sets
from benchmarks.compare import at_recall, compare
from benchmarks.options import Options
from benchmarks.plots import Plot
from benchmarks.roster import FAISS, OURS, available, usual_only

METRICS = ("cosine", "euclidean", "dot-product")


def measure(options: Options) -> dict[str, Any]:
    """One set and metric after another: they don't fit in memory together."""
    peers = available(options, (usual_only(OURS), FAISS))
    runs = [
        compare(options, sets.wide(options, name, metric), peers)
        for name in sets.WIDE
        for metric in METRICS
    ]
    return {"runs": runs}


def page(numbers: dict[str, Any]) -> tuple[list[str], list[Plot]]:
    runs = numbers["runs"]
    rows = [row for run in runs for row in _rows(run)]
    head = ["set, metric", "", "recall@10", "p50 ms", "p99 ms", "faiss HNSW's p50 there"]
    costs = ["memory held", "mapped", "on disk", "as float32", "vectors/s searchable", "open"]
    return [
        "# Wide vectors, three metrics",
        "",
        "Synthetic vectors: 24 hidden dimensions folded into many, with noise and different "
        f"lengths; {runs[0]['queries']} queries, the best 10, medians of {runs[0]['rounds']} "
        "rounds. Ours with its default recall target; the last column of the first table is faiss "
        "HNSW (M 16, efConstruction 200, float32) interpolated at the same recall.",
        "",
        *pages.table(head, rows),
        "",
        *pages.table(["set, metric", "", *costs], [row for run in runs for row in _costs(run)]),
    ], []


def _rows(run: dict[str, Any]) -> list[list[str]]:
    rows = []
    rival = run["peers"].get(FAISS.name)
    for point in run["peers"].get(OURS.name, {}).get("points", []):
        there = at_recall(rival["points"], point["recall"]) if rival else None
        rows.append(
            [
                f"{run['rows']:,} x {run['dimensions']}, {run['metric']}",
                OURS.name,
                f"{point['recall']:.4f}",
                pages.milliseconds(point["p50"]),
                pages.milliseconds(point["p99"]),
                pages.milliseconds(there) if rival else "-",
            ]
        )
    return rows


def _costs(run: dict[str, Any]) -> list[list[str]]:
    return [
        [
            f"{run['rows']:,} x {run['dimensions']}, {run['metric']}",
            name,
            pages.megabytes(each["memory"]["held"]),
            pages.megabytes(each["memory"]["mapped"]),
            pages.megabytes(each["disk"]),
            pages.megabytes(run["bytes"]),
            f"{run['rows'] / each['build']['searchable']:,.0f}" if name == OURS.name else "-",
            pages.seconds(each["open"]),
        ]
        for name, each in run["peers"].items()
    ]
