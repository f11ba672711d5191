"""Ten million vectors: one run of ours; rate, memory, recall, latency, opening."""

from __future__ import annotations

import time
from typing import Any

from benchmarks import pages, sets
from benchmarks.client import Process
from benchmarks.compare import K, build, describe, discard, index_folder, search_rounds
from benchmarks.options import Options
from benchmarks.plots import Plot
from benchmarks.progress import step
from benchmarks.roster import OURS
from benchmarks.truth import exact


def measure(options: Options) -> dict[str, Any]:
    vectors = sets.mixed(options, sets.MIXED["mixed-10m"])
    truth = exact(vectors, options.cache)
    with step(f"building {vectors.count:,} rows"):
        built = build(options, vectors, OURS)
    with Process(OURS, options) as process:
        folder = index_folder(options, vectors, OURS)
        opened = process.call("open", folder=folder, metric=vectors.metric)["seconds"]
        given = {"queries": vectors.queries, "k": K, "setting": OURS.usual}
        process.call("search", **given, count=1, warm_up=0)
        answered = time.perf_counter() - process.started
        points = search_rounds(options, vectors, [process], truth)[OURS.name]
        memory = process.call("soak", **given, count=options.soak)
    discard(options, vectors, OURS)
    return {
        **describe(vectors),
        **built,
        "rounds": options.rounds,
        "soak": options.soak,
        "open": opened,
        "first_answer": answered,
        "points": points,
        "memory": memory,
    }


def page(numbers: dict[str, Any]) -> tuple[list[str], list[Plot]]:
    rows = [
        ["vectors/s acknowledged", f"{numbers['rows'] / numbers['build']['acked']:,.0f}"],
        ["vectors/s searchable", f"{numbers['rows'] / numbers['build']['searchable']:,.0f}"],
        ["time until searchable", pages.seconds(numbers["build"]["searchable"])],
        ["most memory held while building", pages.megabytes(numbers["build_peak"])],
        [
            f"memory held after opening and {numbers['soak']:,} queries",
            pages.megabytes(numbers["memory"]["held"]),
        ],
        ["mapped then", pages.megabytes(numbers["memory"]["mapped"])],
        ["on disk", pages.megabytes(numbers["disk"])],
        ["vectors as float32", pages.megabytes(numbers["bytes"])],
        ["open", pages.seconds(numbers["open"])],
        ["start of a process to its first answer", pages.seconds(numbers["first_answer"])],
    ]
    points = [
        [
            pages.setting(point["setting"]),
            f"{point['recall']:.4f}",
            pages.milliseconds(point["p50"]),
            pages.milliseconds(point["p99"]),
        ]
        for point in numbers["points"]
    ]
    return [
        "# Ten million",
        "",
        f"{numbers['rows']:,} x {numbers['dimensions']}, {numbers['queries']} queries, the best "
        f"10; one build, medians of {numbers['rounds']} rounds of searches.",
        "",
        *pages.table(["", ""], rows),
        "",
        *pages.table(["setting", "recall@10", "p50 ms", "p99 ms"], points),
    ], []
