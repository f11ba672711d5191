"""Plots as SVG files, drawn by matplotlib in an environment of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.options import Options
from benchmarks.progress import say
from benchmarks.venvs import Unavailable, python


@dataclass(frozen=True, slots=True)
class Line:
    """A line with a mark at every point."""

    label: str
    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True, slots=True)
class Plot:
    """Attributes:
    name: of the file, without suffix.
    bars: draw each line's points as bars side by side, `names` below them.
    nines: the x axis is a recall, stretched towards 1.
    """

    name: str
    title: str
    x: str
    y: str
    lines: Sequence[Line]
    bars: bool = False
    names: Sequence[str] = ()
    x_log: bool = False
    y_log: bool = False
    nines: bool = False


def draw(options: Options, plots: Sequence[Plot]) -> bool:
    """Whether the SVG files were written; the reason is printed if not."""
    if not options.plots or not plots:
        return False
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        interpreter = python(options.cache / "venvs" / "plots", ("matplotlib",))
    except Unavailable as error:
        say(f"no plots: {error}")
        return False
    subprocess.run(
        [interpreter, str(Path(__file__).with_name("draw.py")), str(options.out)],
        input=json.dumps([asdict(plot) for plot in plots]),
        text=True,
        check=True,
    )
    return True


def image(plot: Plot) -> str:
    """The Markdown that shows it."""
    return f"![{plot.title}]({plot.name}.svg)"
