"""The comparison that several parts share: build, open, rounds of searches, memory, disk."""

from __future__ import annotations

import json
import os
import shutil
import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.client import PeerError, Process, disk
from benchmarks.options import Options
from benchmarks.progress import bar, say, step
from benchmarks.roster import Peer
from benchmarks.sets import VectorSet
from benchmarks.truth import Scores, exact, recall

K = 10
LEVELS = (0.95, 0.97, 0.99, 0.999)


def compare(options: Options, vectors: VectorSet, peers: Sequence[Peer]) -> dict[str, Any]:
    """Numbers of every peer on a set: building, one after another; then searches, all processes
    alive and taking turns; then memory after many more queries."""
    truth = exact(vectors, options.cache)
    numbers: dict[str, Any] = {}
    failed: dict[str, str] = {}
    for peer in peers:
        with step(f"{peer.name}: building {vectors.count:,} x {vectors.dimensions}"):
            try:
                numbers[peer.name] = build(options, vectors, peer)
            except PeerError as error:  # the others took hours, perhaps
                failed[peer.name] = str(error).strip().splitlines()[-1]
                say(f"{peer.name} failed: {error}")
    found = _searched(options, vectors, [peer for peer in peers if peer.name in numbers], truth)
    for peer in peers:
        discard(options, vectors, peer)
    return {
        **describe(vectors),
        "soak": options.soak,
        "rounds": options.rounds,
        "peers": {name: {**built, **found[name]} for name, built in numbers.items()},
        "failed": failed,
    }


def _searched(
    options: Options, vectors: VectorSet, peers: Sequence[Peer], truth: Scores
) -> dict[str, dict[str, Any]]:
    """Seconds to open, points, memory of every peer whose index is there."""
    numbers: dict[str, dict[str, Any]] = {}
    with ExitStack() as stack:
        running = [stack.enter_context(Process(peer, options)) for peer in peers]
        for process in running:
            folder = index_folder(options, vectors, process.peer)
            opened = process.call("open", folder=folder, metric=vectors.metric)
            numbers[process.peer.name] = {"open": opened["seconds"]}
        points = search_rounds(options, vectors, running, truth)
        for process in running:
            name = process.peer.name
            numbers[name]["points"] = points[name]
            given = {"queries": vectors.queries, "k": K, "setting": process.peer.usual}
            with step(f"{name}: {options.soak:,} queries"):
                numbers[name]["memory"] = process.call("soak", **given, count=options.soak)
    return numbers


def build(
    options: Options, vectors: VectorSet, peer: Peer, suffix: str = "", **more: Any
) -> dict[str, Any]:
    """Build a peer's index in its folder; what the building cost."""
    folder = index_folder(options, vectors, peer, suffix)
    record = folder.with_suffix(".json")
    if options.keep and record.exists():
        kept: dict[str, Any] = json.loads(record.read_text())
        return kept
    record.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with Process(peer, options) as process:
        process.call("memory")  # it runs, so its imports don't count as building
        with process.peak() as peak:
            built = process.call(
                "build",
                folder=folder,
                vectors=vectors.vectors,
                count=vectors.count,
                metric=vectors.metric,
                threads=os.cpu_count(),
                **more,
            )
    numbers = {
        "made": peer.made,
        "lacks": peer.lacks,
        "versions": peer.versions(options),
        "build": built,
        "build_peak": peak.held,
        "disk": disk(folder),
    }
    record.write_text(json.dumps(numbers))
    return numbers


def index_folder(options: Options, vectors: VectorSet, peer: Peer, suffix: str = "") -> Path:
    """Where a peer's index of a set is."""
    name = "-".join(peer.module) + suffix
    return options.cache / "indexes" / vectors.tag() / name


def discard(options: Options, vectors: VectorSet, peer: Peer, suffix: str = "") -> None:
    """Delete a peer's index, unless indexes are kept."""
    if not options.keep:
        folder = index_folder(options, vectors, peer, suffix)
        folder.with_suffix(".json").unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


def describe(vectors: VectorSet) -> dict[str, Any]:
    """What a page says about a set."""
    return {
        "set": vectors.name,
        "rows": vectors.count,
        "dimensions": vectors.dimensions,
        "metric": vectors.metric,
        "queries": len(vectors.asked()),
        "bytes": vectors.count * vectors.dimensions * 4,
    }


def search_rounds(
    options: Options, vectors: VectorSet, running: Sequence[Process], truth: Scores
) -> dict[str, list[dict[str, Any]]]:
    """Points (setting, recall, p50, p99) of every peer, medians over the rounds. In each round
    every setting of every peer has one turn; each round starts with another one."""
    turns = [(process, setting) for process in running for setting in process.peer.grid]
    times: dict[int, list[list[float]]] = {number: [] for number in range(len(turns))}
    recalls: dict[int, list[float]] = {number: [] for number in range(len(turns))}
    rows, asked = vectors.rows(), vectors.asked()
    order = [
        (number + turn * len(turns) // options.rounds) % len(turns)
        for turn in range(options.rounds)
        for number in range(len(turns))
    ]
    for number in bar(f"{options.rounds} rounds of {len(turns)} settings", order):
        process, setting = turns[number]
        found = process.call("search", queries=vectors.queries, k=K, setting=setting)
        times[number].append(found["seconds"])
        recalls[number].append(recall(rows, asked, found["rows"], truth, vectors.metric, K))
    points: dict[str, list[dict[str, Any]]] = {process.peer.name: [] for process in running}
    for number, (process, setting) in enumerate(turns):
        points[process.peer.name].append(
            {
                "setting": setting,
                "recall": statistics.median(recalls[number]),
                **latency(times[number]),
            }
        )
    return points


def latency(rounds: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Milliseconds: medians over the rounds of each round's percentiles, and the rounds' p50."""
    p50 = [float(np.percentile(seconds, 50)) * 1e3 for seconds in rounds]
    p99 = [float(np.percentile(seconds, 99)) * 1e3 for seconds in rounds]
    return {"p50": statistics.median(p50), "p99": statistics.median(p99), "p50_rounds": p50}


def at_recall(points: Sequence[dict[str, Any]], level: float, what: str = "p50") -> float | None:
    """Milliseconds at a recall, interpolated between the points of least p50 around it; None if no
    setting reaches it. Where all settings exceed it, the cheapest one."""
    best = cheapest(points)
    above = [point for point in best if point["recall"] >= level]
    below = [point for point in best if point["recall"] < level]
    if not above:
        return None
    high = above[0]
    if not below:
        return float(high[what])
    low = below[-1]
    share = (level - low["recall"]) / (high["recall"] - low["recall"])
    return float(low[what] + share * (high[what] - low[what]))


def cheapest(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The points that no other one beats in both recall and p50, by recall."""
    kept: list[dict[str, Any]] = []
    for point in sorted(points, key=lambda point: (point["p50"], -point["recall"])):
        if not kept or point["recall"] > kept[-1]["recall"]:
            kept.append(point)
    return kept
