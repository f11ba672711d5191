"""The real set over REST, and where the time of an ingest and a query goes."""

from __future__ import annotations

from typing import Any

from benchmarks import rest
from benchmarks.options import Options
from benchmarks.plots import Plot


def measure(options: Options) -> dict[str, Any]:
    return {"lines": rest.run(options.real(), options.rounds)}


def page(numbers: dict[str, Any]) -> tuple[list[str], list[Plot]]:
    return numbers["lines"], []
