"""Very many small namespaces in one index: latency of a query in one, opening, memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import pages, sets
from benchmarks.client import Process
from benchmarks.compare import K, build, describe, discard, index_folder, latency
from benchmarks.options import Options
from benchmarks.plots import Plot
from benchmarks.progress import bar, step
from benchmarks.roster import OURS
from benchmarks.truth import Scores, best_rows, recall, scores
from vecinity.metric import FloatArray

NAMESPACES = 50_000
EACH = 20


def measure(options: Options) -> dict[str, Any]:
    """Row r is in namespace r modulo the number of namespaces: each is spread over all files."""
    vectors = sets.mixed(options, NAMESPACES * EACH)
    namespaces = max(1, vectors.count // EACH)
    with step(f"building {vectors.count:,} rows in {namespaces:,} namespaces"):
        built = build(options, vectors, OURS, "-namespaces", namespaces=namespaces)
    rows, asked = vectors.rows(), vectors.asked()
    chosen = np.random.default_rng(5).integers(namespaces, size=len(asked)).tolist()
    truth = [
        _truth(np.array(rows[name::namespaces]), query)
        for query, name in zip(asked, chosen, strict=True)
    ]
    with Process(OURS, options) as process:
        folder = index_folder(options, vectors, OURS, "-namespaces")
        opened = process.call("open", folder=folder, metric="cosine")["seconds"]
        given = {"queries": vectors.queries, "k": K, "setting": OURS.usual}
        filters = [{"namespace": f"n{name}"} for name in chosen]
        first = process.call("search", **given, filters=filters, count=1, warm_up=0)
        answers = [
            process.call("search", **given, filters=filters)
            for _ in bar("rounds", range(options.rounds))
        ]
        memory = process.call("memory")
    discard(options, vectors, OURS, "-namespaces")
    strangers = sum(
        row % namespaces != name
        for answer in answers
        for found, name in zip(answer["rows"], chosen, strict=True)
        for row in found
    )
    return {
        **describe(vectors),
        "rounds": options.rounds,
        "namespaces": namespaces,
        **built,
        "open": opened,
        "first": first["seconds"][0],
        "recall": recall(rows, asked, answers[-1]["rows"], truth, "cosine", K),
        "strangers": strangers,
        **latency([answer["seconds"] for answer in answers]),
        "memory": memory,
    }


def _truth(subset: FloatArray, query: FloatArray) -> Scores:
    asked = query[np.newaxis]
    exact: Scores = scores(subset, asked, best_rows(subset, asked, "cosine", K), "cosine")[0]
    return exact


def page(numbers: dict[str, Any]) -> tuple[list[str], list[Plot]]:
    rows = [
        ["p50", f"{pages.milliseconds(numbers['p50'])} ms"],
        ["p99", f"{pages.milliseconds(numbers['p99'])} ms"],
        ["recall@10", f"{numbers['recall']:.4f}"],
        ["returned rows of other namespaces", f"{numbers['strangers']}"],
        ["open", pages.seconds(numbers["open"])],
        ["first query after it", f"{pages.milliseconds(numbers['first'] * 1e3)} ms"],
        ["memory held", pages.megabytes(numbers["memory"]["held"])],
        ["mapped", pages.megabytes(numbers["memory"]["mapped"])],
        ["on disk", pages.megabytes(numbers["disk"])],
        ["vectors/s acknowledged", f"{numbers['rows'] / numbers['build']['acked']:,.0f}"],
        ["vectors/s searchable", f"{numbers['rows'] / numbers['build']['searchable']:,.0f}"],
    ]
    return [
        "# Many namespaces",
        "",
        f"{numbers['namespaces']:,} namespaces in one index of {numbers['rows']:,} x "
        f"{numbers['dimensions']}, row by row another one; {numbers['queries']} queries, each in a "
        f"random namespace, medians of {numbers['rounds']} rounds.",
        "",
        *pages.table(["", ""], rows),
    ], []
