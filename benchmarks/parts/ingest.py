"""Durable ingest of arrays until all is searchable: bare vectors beside HNSW libraries, vectors
with metadata beside qdrant-edge; and where the time goes."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import pages, properties, sets
from benchmarks.compare import build, describe, discard
from benchmarks.dataset import Dataset
from benchmarks.options import Options
from benchmarks.plots import Plot
from benchmarks.progress import bar, step
from benchmarks.roster import FAISS, HNSWLIB, OURS, QDRANT, Peer, available
from benchmarks.sets import VectorSet
from benchmarks.stages import array_stages, build_stages

_SUFFIX = "-ingest"
_BATCH = 5_000
_KEYS = ("acked", "searchable", "stored")

_Built = dict[str, list[dict[str, float]]]


def measure(options: Options) -> dict[str, Any]:
    """By turns, each from an empty folder; then ours again, taken apart."""
    vectors = sets.real(options)
    metadata, _ = properties.write(options, vectors.count)
    bare = _by_turns(options, vectors, available(options, (OURS, FAISS, HNSWLIB)), None)
    rich = _by_turns(options, vectors, available(options, (OURS, QDRANT)), metadata)
    with step("taking the time apart"):
        data = Dataset.load(options.real())
        stages = [
            *array_stages(data, _BATCH, metadata_indexes=True),
            "",
            *build_stages(data),
        ]
    return {
        **describe(vectors),
        "rounds": options.rounds,
        "bare": bare,
        "with_metadata": rich,
        "stages": stages,
    }


def _by_turns(
    options: Options, vectors: VectorSet, peers: Sequence[Peer], metadata: Path | None
) -> _Built:
    anew = replace(options, keep=False)
    built: _Built = {peer.name: [] for peer in peers}
    for peer in bar("ingest", [*peers] * options.rounds):
        numbers = build(anew, vectors, peer, _SUFFIX, metadata=metadata)
        built[peer.name].append(numbers["build"])
        discard(anew, vectors, peer, _SUFFIX)
    return built


def page(numbers: dict[str, Any]) -> tuple[list[str], list[Plot]]:
    head = ["vectors/s", "acknowledged", "searchable", "stored", "ours / theirs, searchable"]
    return [
        "# Ingest",
        "",
        f"{numbers['rows']:,} x {numbers['dimensions']} real vectors from a numpy array, in "
        f"batches of {_BATCH:,}; medians of {numbers['rounds']} builds from nothing, by turns, on "
        "all cores. Ours is durable when it acknowledges, the HNSW libraries only when stored.",
        "",
        *pages.table(head, _rows(numbers, numbers["bare"])),
        "",
        "With four properties of metadata for each vector, and an index on each property:",
        "",
        *pages.table(head, _rows(numbers, numbers["with_metadata"])),
        "",
        "## Where the time goes",
        "",
        *numbers["stages"],
    ], []


def _rows(numbers: dict[str, Any], built: _Built) -> list[list[str]]:
    seconds = {
        name: {key: statistics.median(each[key] for each in rounds) for key in _KEYS}
        for name, rounds in built.items()
    }
    ours = seconds.get(OURS.name)
    return [
        [
            name,
            *(f"{numbers['rows'] / each[key]:,.0f}" for key in _KEYS),
            f"{each['searchable'] / ours['searchable']:.1f}" if ours else "-",
        ]
        for name, each in seconds.items()
    ]
