"""Durable ingest of arrays with metadata until all is searchable, beside qdrant-edge, and where
the time goes."""

from __future__ import annotations

import statistics
from dataclasses import replace
from typing import Any

from benchmarks import pages, properties, sets
from benchmarks.compare import build, describe, discard
from benchmarks.dataset import Dataset
from benchmarks.options import Options
from benchmarks.plots import Plot
from benchmarks.progress import bar, step
from benchmarks.roster import OURS, QDRANT, available
from benchmarks.stages import array_stages, build_stages

_SUFFIX = "-ingest"
_BATCH = 5_000


def measure(options: Options) -> dict[str, Any]:
    """By turns, each from an empty folder; then ours again, taken apart."""
    vectors = sets.real(options)
    metadata, _ = properties.write(options, vectors.count)
    peers = available(options, (OURS, QDRANT))
    anew = replace(options, keep=False)
    built: dict[str, list[dict[str, float]]] = {peer.name: [] for peer in peers}
    for peer in bar("ingest", [*peers] * options.rounds):
        numbers = build(anew, vectors, peer, _SUFFIX, metadata=metadata)
        built[peer.name].append(numbers["build"])
        discard(anew, vectors, peer, _SUFFIX)
    with step("taking the time apart"):
        data = Dataset.load(options.real())
        stages = [
            *array_stages(data, _BATCH, metadata_indexes=True),
            "",
            *build_stages(data),
        ]
    return {**describe(vectors), "rounds": options.rounds, "built": built, "stages": stages}


def page(numbers: dict[str, Any]) -> tuple[list[str], list[Plot]]:
    rates = {
        name: [_rate(numbers, each, key) for key in ("acked", "searchable", "stored")]
        for name, each in numbers["built"].items()
    }
    rows = [[name, *(f"{rate:,.0f}" for rate in each)] for name, each in rates.items()]
    if {OURS.name, QDRANT.name} <= rates.keys():
        pairs = zip(rates[OURS.name], rates[QDRANT.name], strict=True)
        rows.append(["ratio", *(f"{ours / theirs:.1f}" for ours, theirs in pairs)])
    return [
        "# Ingest",
        "",
        f"{numbers['rows']:,} x {numbers['dimensions']} real vectors from a numpy array, with four "
        f"properties of metadata each and an index on each, in batches of {_BATCH:,}; medians of "
        f"{numbers['rounds']} builds from nothing, by turns. Ours is durable when it acknowledges.",
        "",
        *pages.table(["vectors/s", "acknowledged", "searchable", "stored"], rows),
        "",
        "## Where the time goes",
        "",
        *numbers["stages"],
    ], []


def _rate(numbers: dict[str, Any], built: list[dict[str, float]], key: str) -> float:
    return float(numbers["rows"] / statistics.median(each[key] for each in built))
