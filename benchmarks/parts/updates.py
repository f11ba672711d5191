"""A set that is overwritten again and again: recall throughout, disk, memory; and queries while
others write."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import pages, sets
from benchmarks.client import Process, disk
from benchmarks.compare import K, describe, latency
from benchmarks.options import Options
from benchmarks.plots import Line, Plot, image
from benchmarks.progress import bar, say
from benchmarks.roster import OURS
from benchmarks.sets import VectorSet
from benchmarks.truth import best_rows, recall, scores

IDS = 100_000
WRITES = 1_000_000
STEP = 50_000
DELETED = 0.05
RATE = 5_000
SECONDS = 20.0


def measure(options: Options) -> dict[str, Any]:
    """Random ids get new vectors; of those written, one in twenty is deleted with each step and
    may come back later."""
    vectors = sets.mixed(options, WRITES)
    ids = max(100, IDS * vectors.count // WRITES)
    per_step = max(50, STEP * vectors.count // WRITES)
    scratch = options.cache / "updates"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    with Process(OURS, options) as process:
        folder = scratch / "index"
        process.call("create", folder=folder, dimensions=vectors.dimensions, metric=vectors.metric)
        churn = _Churn(vectors, ids, scratch, process)
        starts = range(0, vectors.count, per_step)
        steps = [churn.step(start, per_step, folder) for start in bar("upserts", starts)]
        process.call("wait_indexed")
        settled = churn.look(folder)
        writing = _while_writing(options, process, vectors, ids)
    return {
        **describe(vectors),
        "rounds": options.rounds,
        "ids": ids,
        "per_step": per_step,
        "steps": steps,
        "settled": settled,
        **writing,
    }


class _Churn:
    """What is stored under each id now: the row of the set, or -1."""

    def __init__(self, vectors: VectorSet, ids: int, scratch: Path, process: Process) -> None:
        self._vectors = vectors
        self._scratch = scratch
        self._process = process
        self._rng = np.random.default_rng(3)
        self._current: npt.NDArray[np.int64] = np.full(ids, -1, dtype=np.int64)
        self._written = 0

    def step(self, start: int, count: int, folder: Path) -> dict[str, Any]:
        """Upsert the next rows, delete some ids, and look."""
        rows = np.arange(start, min(start + count, self._vectors.count))
        ids = self._rng.integers(len(self._current), size=len(rows))
        if start == 0:  # every id exists once
            ids = np.arange(len(rows)) % len(self._current)
        self._save("ids", ids)
        np.save(self._scratch / "vectors.npy", self._vectors.rows()[rows])
        took = self._process.call(
            "upsert", ids=self._scratch / "ids.npy", vectors=self._scratch / "vectors.npy"
        )["seconds"]
        self._current[ids] = rows  # of equal ids the last one counts, as in an upsert
        live = np.flatnonzero(self._current >= 0)
        gone = self._rng.choice(live, size=int(len(rows) * DELETED), replace=False)
        self._save("gone", gone)
        self._process.call("delete", ids=self._scratch / "gone.npy")
        self._current[gone] = -1
        self._written += len(rows)
        return {**self.look(folder), "rate": len(rows) / took}

    def look(self, folder: Path) -> dict[str, Any]:
        """Recall, latency, memory and disk as they are now."""
        live = np.flatnonzero(self._current >= 0)
        stored = np.array(self._vectors.rows()[self._current[live]])
        asked = self._vectors.asked()
        truth = scores(stored, asked, best_rows(stored, asked, "cosine", K), "cosine")
        found = self._process.call("search", queries=self._vectors.queries, k=K, setting=OURS.usual)
        place = {int(name): number for number, name in enumerate(live)}
        answers = [[place[name] for name in rows if name in place] for rows in found["rows"]]
        return {
            "written": self._written,
            "live": len(live),
            "recall": recall(stored, asked, answers, truth, "cosine", K),
            "ghosts": sum(name not in place for rows in found["rows"] for name in rows),
            **latency([found["seconds"]]),
            "memory": self._process.call("memory"),
            "disk": disk(folder),
        }

    def _save(self, name: str, ids: npt.NDArray[np.int64]) -> None:
        np.save(self._scratch / f"{name}.npy", ids)


def _while_writing(
    options: Options, process: Process, vectors: VectorSet, ids: int
) -> dict[str, Any]:
    """Queries with nothing else to do, and while a thread writes, by turns."""
    given = {"queries": vectors.queries, "k": K, "setting": OURS.usual}
    seconds = SECONDS if options.rows is None else SECONDS / 50
    idle, busy, rates = [], [], []
    for _ in bar(f"idle, then {RATE:,} writes/s", range(options.rounds)):
        process.call("wait_indexed")
        idle.append(process.call("linger", **given, seconds=seconds)["seconds"])
        found = process.call(
            "linger_beside_writer",
            **given, seconds=seconds, vectors=vectors.vectors, ids=ids, rate=RATE,
        )  # fmt: skip
        busy.append(found["seconds"])
        rates.append(found["rate"])
        say(f"{found['rate']:,.0f} vectors/s were written")
    return {"idle": latency(idle), "busy": latency(busy), "rates": rates}


def page(numbers: dict[str, Any]) -> tuple[list[str], list[Plot]]:
    plot, rates = _plot(numbers), numbers["rates"]
    speeds = [
        [name, pages.milliseconds(numbers[key]["p50"]), pages.milliseconds(numbers[key]["p99"])]
        for name, key in (("nothing else", "idle"), ("a thread writes", "busy"))
    ]
    return [
        "# Updates",
        "",
        f"{numbers['rows']:,} upserts over {numbers['ids']:,} ids, {numbers['per_step']:,} a step; "
        f"after each step {DELETED:.0%} as many ids are deleted and {numbers['queries']} queries "
        "are compared with the exact answer over what is live.",
        "",
        *_steps(numbers),
        "",
        image(plot),
        "",
        f"Queries beside a writer in the same process that wrote {min(rates):,.0f} to "
        f"{max(rates):,.0f} vectors/s of the {RATE:,} wanted; medians of {numbers['rounds']} "
        "rounds:",
        "",
        *pages.table(["meanwhile", "p50 ms", "p99 ms"], speeds),
    ], [plot]


def _steps(numbers: dict[str, Any]) -> list[str]:
    every = max(1, len(numbers["steps"]) // 10)
    rows = [
        [
            f"{each['written']:,}",
            f"{each['live']:,}",
            f"{each['recall']:.4f}",
            str(each["ghosts"]),
            pages.milliseconds(each["p50"]),
            f"{each['rate']:,.0f}" if "rate" in each else "(all indexed)",
            pages.megabytes(each["memory"]["held"]),
            pages.megabytes(each["disk"]),
            f"{each['disk'] / (each['live'] * numbers['dimensions'] * 4):.2f}",
        ]
        for each in [*numbers["steps"][every - 1 :: every], numbers["settled"]]
    ]
    head = [
        "rows written", "live", "recall@10", "deleted ids returned", "p50 ms", "upserts/s",
        "memory held", "on disk", "disk / live float32",
    ]  # fmt: skip
    return pages.table(head, rows)


def _plot(numbers: dict[str, Any]) -> Plot:
    row = numbers["dimensions"] * 4
    lines = [
        _line("on disk", numbers, lambda each: each["disk"] / 1e6),
        _line("memory held", numbers, lambda each: each["memory"]["held"] / 1e6),
        _line("live vectors as float32", numbers, lambda each: each["live"] * row / 1e6),
    ]
    title = f"Disk and memory while {numbers['ids']:,} ids are overwritten"
    return Plot("updates-disk", title, "rows written", "MB", lines)


def _line(label: str, numbers: dict[str, Any], value: Any) -> Line:
    steps = numbers["steps"]
    return Line(label, [each["written"] for each in steps], [value(each) for each in steps])
