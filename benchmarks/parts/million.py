"""A million vectors made from the real ones and as hard: the same as `real`."""

from __future__ import annotations

from typing import Any

from benchmarks import sets, tables
from benchmarks.compare import compare
from benchmarks.options import Options
from benchmarks.plots import Plot
from benchmarks.roster import ALL, available


def measure(options: Options) -> dict[str, Any]:
    vectors = sets.mixed(options, sets.MIXED["mixed-1m"])
    return compare(options, vectors, available(options, ALL))


def page(numbers: dict[str, Any]) -> tuple[list[str], list[Plot]]:
    plots = tables.comparison_plots("million", numbers)
    return ["# A million vectors", "", *tables.sections(numbers, plots)], plots
