"""Cost against size, from a thousand to ten million vectors."""

from __future__ import annotations

from typing import Any

from benchmarks import pages, sets
from benchmarks.compare import at_recall, compare
from benchmarks.options import Options
from benchmarks.plots import Line, Plot, image
from benchmarks.roster import FAISS, OURS, available, usual_only

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
RIVAL_ROWS = 1_000_000
RIVAL_RECALL = 0.97


def measure(options: Options) -> dict[str, Any]:
    """One size after another, each the first rows of the largest; faiss HNSW up to a million."""
    largest = sets.mixed(options, SIZES[-1])
    sizes = [size for size in SIZES if size < largest.count] + [largest.count]
    runs = []
    for size in sizes:
        peers = (usual_only(OURS), FAISS) if size <= RIVAL_ROWS else (usual_only(OURS),)
        runs.append(compare(options, sets.prefix(largest, size), available(options, peers)))
    return {"runs": runs}


def page(numbers: dict[str, Any]) -> tuple[list[str], list[Plot]]:
    runs = numbers["runs"]
    head = [
        "rows", "", "recall@10", "p50 ms", "p99 ms", "vectors/s searchable", "memory held",
        "mapped", "on disk", "open",
    ]  # fmt: skip
    rows = [_row(run, name) for run in runs for name in run["peers"]]
    plots = [
        _plot(runs, "size-latency", "p50 (ms)", lambda run, name: _point(run, name)["p50"]),
        _plot(
            runs,
            "size-memory",
            "memory held (MB)",
            lambda run, name: run["peers"][name]["memory"]["held"] / 1e6,
        ),
        _plot(
            runs,
            "size-ingest",
            "vectors/s until searchable",
            lambda run, name: run["rows"] / run["peers"][name]["build"]["searchable"],
        ),
    ]
    return [
        "# Cost against size",
        "",
        f"The first rows of one set of {runs[-1]['rows']:,} x {runs[-1]['dimensions']}; "
        f"{runs[0]['queries']} queries, the best 10, medians of {runs[0]['rounds']} rounds. Ours "
        f"with its default recall target; faiss HNSW (M 16, efConstruction 200, up to "
        f"{RIVAL_ROWS:,} rows) interpolated at recall {RIVAL_RECALL}.",
        "",
        *pages.table(head, rows),
        "",
        *(line for plot in plots for line in (image(plot), "")),
    ], plots


def _point(run: dict[str, Any], name: str) -> dict[str, Any]:
    points = run["peers"][name]["points"]
    if name == OURS.name:
        return dict(points[0])
    return {
        "recall": min(RIVAL_RECALL, max(point["recall"] for point in points)),
        "p50": at_recall(points, RIVAL_RECALL),
        "p99": at_recall(points, RIVAL_RECALL, "p99"),
    }


def _row(run: dict[str, Any], name: str) -> list[str]:
    each, point = run["peers"][name], _point(run, name)
    return [
        f"{run['rows']:,}",
        name,
        f"{point['recall']:.4f}",
        pages.milliseconds(point["p50"]),
        pages.milliseconds(point["p99"]),
        f"{run['rows'] / each['build']['searchable']:,.0f}",
        pages.megabytes(each["memory"]["held"]),
        pages.megabytes(each["memory"]["mapped"]),
        pages.megabytes(each["disk"]),
        pages.seconds(each["open"]),
    ]


def _plot(runs: list[dict[str, Any]], name: str, what: str, value: Any) -> Plot:
    lines = []
    for peer in dict.fromkeys(name for run in runs for name in run["peers"]):
        points = [(run["rows"], value(run, peer)) for run in runs if peer in run["peers"]]
        points = [point for point in points if point[1] is not None]
        lines.append(Line(peer, [x for x, _ in points], [y for _, y in points]))
    return Plot(name, f"{what} against size", "rows", what, lines, x_log=True, y_log=True)
