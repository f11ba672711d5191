"""Draws plots as SVG (run by `benchmarks.plots` where matplotlib is): `draw.py FOLDER < JSON`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "benchmarks", "font.size": 9, "axes.grid": True})

from matplotlib import pyplot as plt  # noqa: E402 # the backend first

MARKS = "osD^vPX*"


def draw(plot: dict[str, Any], folder: Path) -> None:
    """Write one SVG file."""
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    width = 0.8 / max(1, len(plot["lines"]))
    for number, line in enumerate(plot["lines"]):
        if plot["bars"]:
            places = [x + (number + 0.5) * width - 0.4 for x in line["x"]]
            axes.bar(places, line["y"], width, label=line["label"])
            continue
        x = [1 - min(value, 0.9999) for value in line["x"]] if plot["nines"] else line["x"]
        axes.plot(x, line["y"], marker=MARKS[number % len(MARKS)], ms=4, label=line["label"])
    axes.set_axisbelow(True)
    axes.set(title=plot["title"], xlabel=plot["x"], ylabel=plot["y"])
    scale(axes, plot)
    if len(plot["lines"]) > 1:
        axes.legend(fontsize=8)
    figure.savefig(folder / f"{plot['name']}.svg", metadata={"Date": None})
    plt.close(figure)


def scale(axes: Any, plot: dict[str, Any]) -> None:
    """Axes as the plot wants them."""
    if plot["nines"]:
        axes.set_xscale("log")
        axes.invert_xaxis()
        axes.minorticks_off()
        ticks = (0.5, 0.8, 0.9, 0.95, 0.97, 0.99, 0.999, 0.9999)
        axes.set_xticks([1 - tick for tick in ticks], [*map(str, ticks[:-1]), "1"])
    elif plot["x_log"]:
        axes.set_xscale("log")
    if plot["y_log"]:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    if plot["names"]:
        axes.set_xticks(range(len(plot["names"])), plot["names"])


if __name__ == "__main__":
    for each in json.load(sys.stdin):
        draw(each, Path(sys.argv[1]))
