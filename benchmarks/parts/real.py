"""The real set: recall against latency, ingest, memory, disk, beside the peers."""

from __future__ import annotations

from typing import Any

from benchmarks import sets, tables
from benchmarks.compare import compare
from benchmarks.options import Options
from benchmarks.plots import Plot
from benchmarks.roster import ALL, available


def measure(options: Options) -> dict[str, Any]:
    return compare(options, sets.real(options), available(options, ALL))


def page(numbers: dict[str, Any]) -> tuple[list[str], list[Plot]]:
    plots = tables.comparison_plots("real", numbers)
    return ["# Real embeddings", "", *tables.sections(numbers, plots)], plots
