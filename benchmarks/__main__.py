"""`make bench ARGS="--data FOLDER [PART ...]"`: run benchmarks, write their pages to docs."""

from __future__ import annotations

import importlib
import json
import shlex
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks import pages, plots
from benchmarks.options import Options, options, parser

PARTS = (
    "rest",
    "real",
    "million",
    "wide",
    "filters",
    "namespaces",
    "ingest",
    "updates",
    "opening",
    "size",
    "scale",
    "costs",
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the parts that the command line names, by default all."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    asked = parser(PARTS)
    parsed = asked.parse_args(given)
    for part in parsed.parts:
        if part not in PARTS:
            asked.error(f"no part {part!r}, only {', '.join(PARTS)}")
    chosen = options(parsed)
    for part in parsed.parts or PARTS:
        if not parsed.render:
            _measure(part, chosen, given)
        _render(part, chosen)


def _measure(part: str, chosen: Options, given: list[str]) -> None:
    where = pages.begin(part, f'make bench ARGS="{_public(given)}"')
    numbers: dict[str, Any] = importlib.import_module(f"benchmarks.parts.{part}").measure(chosen)
    pages.save(chosen.out, {"circumstances": where, **numbers})


def _render(part: str, chosen: Options) -> None:
    numbers = json.loads((chosen.out / f"{part}.json").read_text())
    lines, figures = importlib.import_module(f"benchmarks.parts.{part}").page(numbers)
    if not plots.draw(chosen, figures):
        absent = {plots.image(figure) for figure in figures}
        lines = [line for line in lines if line not in absent]
    text = "\n".join([*lines, "", pages.circumstances(numbers["circumstances"])]) + "\n"
    (chosen.out / f"{part}.md").write_text(text)
    print(text)


def _public(given: list[str]) -> str:
    """The arguments as a page may show them: folders of this machine are nobody's business."""
    shown = list(given)
    for number, argument in enumerate(given[:-1]):
        if argument in ("--data", "--cache", "--out"):
            shown[number + 1] = "FOLDER"
    return shlex.join(shown)


if __name__ == "__main__":
    main()
