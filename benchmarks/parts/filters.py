"""Filters on the real set by how much they keep: recall and latency, beside exact scans."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import pages, sets
from benchmarks.client import Process
from benchmarks.compare import K, build, describe, discard, index_folder, latency
from benchmarks.options import Options
from benchmarks.plots import Line, Plot, image
from benchmarks.progress import bar, step
from benchmarks.properties import Filter, write
from benchmarks.roster import OURS, QDRANT, SCAN, Peer, available
from benchmarks.sets import VectorSet
from benchmarks.truth import Scores, best_rows, recall, scores

_GRIDS: dict[str, tuple[dict[str, Any], ...]] = {
    OURS.name: (OURS.usual, *(each for each in OURS.grid if each.get("recall_target") == 0.99)),
    QDRANT.name: ({"ef": 64}, {"ef": 256}),
    SCAN.name: SCAN.grid,
}


def measure(options: Options) -> dict[str, Any]:
    """All processes alive, every filter of every peer in each round."""
    vectors = sets.real(options)
    metadata, filters = write(options, vectors.count)
    peers = available(options, (OURS, QDRANT, SCAN))
    builds = {}
    with ExitStack() as stack:
        running = []
        for peer in peers:
            if peer is not SCAN:
                with step(f"{peer.name}: building {vectors.count:,} rows with metadata"):
                    builds[peer.name] = build(options, vectors, peer, "-filters", metadata=metadata)
            running.append(stack.enter_context(Process(peer, options)))
            running[-1].call("open", folder=_folder(options, vectors, peer), metric="cosine")
        measured = _rounds(options, vectors, filters, running)
    for peer in peers:
        discard(options, vectors, peer, "-filters")
    return {**describe(vectors), "rounds": options.rounds, "builds": builds, "filters": measured}


def _folder(options: Options, vectors: VectorSet, peer: Peer) -> Path:
    if peer is not SCAN:
        return index_folder(options, vectors, peer, "-filters")
    path = options.cache / "sets" / f"{vectors.tag()}-scanned.npy"
    if not path.exists():
        np.save(path, vectors.rows())
    return path


def _rounds(
    options: Options, vectors: VectorSet, filters: Sequence[Filter], running: Sequence[Process]
) -> list[dict[str, Any]]:
    rows, asked = vectors.rows(), vectors.asked()
    folder = options.cache / "filtered"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    measured = []
    for number, each in enumerate(bar("filters", filters)):
        path = folder / f"{number}.npy"
        np.save(path, each.rows)
        truth = _truth(vectors, each)
        turns = [(process, setting) for process in running for setting in _GRIDS[process.peer.name]]
        found: list[list[dict[str, Any]]] = [[] for _ in turns]
        for turn in range(options.rounds * len(turns)):
            which = (turn + turn // len(turns)) % len(turns)
            process, setting = turns[which]
            scan = process.peer.name == SCAN.name
            condition = {"rows": str(path)} if scan else each.condition
            found[which].append(
                process.call(
                    "search", queries=vectors.queries, k=K, setting=setting, filters=[condition]
                )
            )
        points = [
            {
                "peer": process.peer.name,
                "setting": setting,
                "recall": statistics.median(
                    recall(rows, asked, answer["rows"], truth, "cosine", K) for answer in answers
                ),
                "strangers": _strangers(each, answers),
                **latency([answer["seconds"] for answer in answers]),
            }
            for (process, setting), answers in zip(turns, found, strict=True)
        ]
        measured.append({"name": each.name, "rows": len(each.rows), "points": points})
    return measured


def _truth(vectors: VectorSet, each: Filter) -> Scores:
    subset = np.array(vectors.rows()[each.rows])
    asked = vectors.asked()
    return scores(subset, asked, best_rows(subset, asked, vectors.metric, K), vectors.metric)


def _strangers(each: Filter, answers: Sequence[dict[str, Any]]) -> int:
    """Returned rows that the filter does not match."""
    allowed = set(each.rows.tolist())
    return sum(row not in allowed for answer in answers for rows in answer["rows"] for row in rows)


def page(numbers: dict[str, Any]) -> tuple[list[str], list[Plot]]:
    columns = [(point["peer"], point["setting"]) for point in numbers["filters"][0]["points"]]
    head = ["filter", "rows", "share"]
    head += [f"{name} ({pages.setting(given)})" for name, given in columns]
    rows = [
        [
            each["name"],
            f"{each['rows']:,}",
            f"{each['rows'] / numbers['rows']:.3%}",
            *(
                f"{point['recall']:.3f}, {pages.milliseconds(point['p50'])}"
                for point in each["points"]
            ),
        ]
        for each in numbers["filters"]
    ]
    strangers = sum(point["strangers"] for each in numbers["filters"] for point in each["points"])
    plot = _plot(numbers, columns)
    return [
        "# Filters",
        "",
        f"{numbers['rows']:,} x {numbers['dimensions']} real vectors, {numbers['queries']} queries "
        "each, the best 10 of those that match; recall@10 (of 10, or of all that match if fewer) "
        f"and p50 in ms, medians of {numbers['rounds']} rounds. `random` is a number without any "
        "relation to the texts, from 0 to 1; sections, sources and sizes go with them. The exact "
        "scan is told the rows; gathered True has them side by side already, which no engine can "
        f"have for every filter. Returned rows that did not match their filter: {strangers}.",
        "",
        *pages.table(head, rows),
        "",
        image(plot),
    ], [plot]


def _plot(numbers: dict[str, Any], columns: list[tuple[str, dict[str, Any]]]) -> Plot:
    chosen = sorted(
        (each for each in numbers["filters"] if each["name"].startswith("random")),
        key=lambda each: float(each["rows"]),
    )
    lines = [
        Line(
            f"{name} ({pages.setting(given)})",
            [each["rows"] / numbers["rows"] * 100 for each in chosen],
            [each["points"][column]["p50"] for each in chosen],
        )
        for column, (name, given) in enumerate(columns)
    ]
    title = f"Random filters, {numbers['rows']:,} x {numbers['dimensions']}"
    return Plot(
        "filters-latency", title, "% of rows that match", "p50 (ms)", lines, x_log=True, y_log=True
    )
