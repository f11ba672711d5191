"""Opening an index of a million: the first correct answer, full speed, with and without the files
that can be derived anew."""

from __future__ import annotations

import shutil
import statistics
import time
from pathlib import Path
from typing import Any

from benchmarks import pages, sets
from benchmarks.client import Process, forget_pages
from benchmarks.compare import K, build, describe, discard, index_folder
from benchmarks.options import Options
from benchmarks.plots import Plot
from benchmarks.progress import say, step
from benchmarks.roster import OURS
from benchmarks.sets import VectorSet
from benchmarks.truth import exact, recall

_STEADY = 1.25
_WINDOW = 50
_PATIENCE = 3_600.0


def measure(options: Options) -> dict[str, Any]:
    vectors = sets.mixed(options, sets.MIXED["mixed-1m"])
    with step(f"building {vectors.count:,} rows"):
        build(options, vectors, OURS)
    folder = index_folder(options, vectors, OURS)
    cases = []
    for name, derived, cached in (
        ("files in the page cache", True, True),
        ("files not in the page cache", True, False),
        ("derived files deleted", False, True),
    ):
        if not derived:
            deleted = _delete_derived(folder)
            name += "" if deleted else " (there were none)"
        if not cached:
            forget_pages(folder)
        cases.append({"case": name, **_open(options, vectors, folder)})
        say(f"{name}: first answer after {cases[-1]['first_answer']:.2f} s")
    discard(options, vectors, OURS)
    return {**describe(vectors), "cases": cases}


def _delete_derived(folder: Path) -> int:
    found = list(folder.rglob("derived"))
    for each in found:
        shutil.rmtree(each)
    return len(found)


def _open(options: Options, vectors: VectorSet, folder: Path) -> dict[str, Any]:
    """All seconds count from the start of a fresh interpreter."""
    truth = exact(vectors, options.cache)
    given = {"queries": vectors.queries, "k": K, "setting": OURS.usual, "warm_up": 0}
    with Process(OURS, options) as process:
        opened = process.call("open", folder=folder, metric=vectors.metric)["seconds"]
        first = process.call("search", **given, count=1)
        answered = time.perf_counter() - process.started
        seen: list[tuple[float, float]] = []
        complete = None
        while complete is None or len(seen) < 40 * _WINDOW:
            found = process.call("search", **given, count=_WINDOW)
            at = time.perf_counter() - process.started
            seen.append((at, statistics.median(found["seconds"])))
            if complete is None and process.call("wait_indexed", timeout=0.0):
                complete = at
            if at > _PATIENCE or (complete is not None and at > complete + 20):
                break
        steady = statistics.median(seconds for _, seconds in seen[-10:])
        rows, asked = vectors.rows(), vectors.asked()
        right = recall(rows, asked[:1], first["rows"], truth[:1], vectors.metric, K)
        return {
            "open": opened,
            "first_answer": answered,
            "first_recall": right,
            "indexed": complete,
            "full_speed": next(at for at, seconds in seen if seconds <= _STEADY * steady),
            "steady_p50": steady * 1e3,
        }


def page(numbers: dict[str, Any]) -> tuple[list[str], list[Plot]]:
    head = [
        "", "open", "first answer", "its recall@10", "index complete", "full speed", "p50 then",
    ]  # fmt: skip
    rows = [
        [
            each["case"],
            pages.seconds(each["open"]),
            pages.seconds(each["first_answer"]),
            f"{each['first_recall']:.2f}",
            "not in an hour" if each["indexed"] is None else pages.seconds(each["indexed"]),
            pages.seconds(each["full_speed"]),
            f"{pages.milliseconds(each['steady_p50'])} ms",
        ]
        for each in numbers["cases"]
    ]
    return [
        "# Opening",
        "",
        f"{numbers['rows']:,} x {numbers['dimensions']}. `open` is the call alone; everything "
        "else counts from the start of a fresh Python process, imports included. Full speed: the "
        f"end of the first {_WINDOW} queries whose median is at most {_STEADY} times what it stays "
        "at.",
        "",
        *pages.table(head, rows),
    ], []
