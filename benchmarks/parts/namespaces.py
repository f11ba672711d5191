"""Very many small namespaces in one index, and a user id per vector: latency, opening, memory."""

from __future__ import annotations

from pathlib import Path
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
        metadata = _users(options, vectors.count)
        built = build(
            options, vectors, OURS, "-namespaces", namespaces=namespaces, metadata=metadata
        )
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
        users = np.random.default_rng(6).integers(vectors.count, size=len(asked)).tolist()
        filters = [{"property": "user", "equal": _user(row)} for row in users]
        by_user = [process.call("search", **given, filters=filters) for _ in range(options.rounds)]
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
        "users": {
            "found": sum(
                found == [row] for found, row in zip(by_user[-1]["rows"], users, strict=True)
            ),
            **latency([answer["seconds"] for answer in by_user]),
        },
        **latency([answer["seconds"] for answer in answers]),
        "memory": memory,
    }


def _users(options: Options, count: int) -> Path:
    """A metadata file: every vector has another user."""
    path = options.cache / "sets" / f"users-{count}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f'{{"user": "{_user(row)}"}}\n' for row in range(count)))
    return path


def _user(row: int) -> str:
    return f"user-{row * 7_919_777 % 1_000_000_007:09d}"


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
        ["p50 of a filter by user id", f"{pages.milliseconds(numbers['users']['p50'])} ms"],
        ["p99 of it", f"{pages.milliseconds(numbers['users']['p99'])} ms"],
        ["users whose one vector was found", f"{numbers['users']['found']}"],
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
        f"{numbers['dimensions']}, row by row another one, and each vector with a user id of its "
        f"own in its metadata, which has an index; {numbers['queries']} queries, each in a random "
        f"namespace, then each for a random user id, medians of {numbers['rounds']} rounds.",
        "",
        *pages.table(["", ""], rows),
    ], []
