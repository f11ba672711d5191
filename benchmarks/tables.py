"""Tables and plots of a comparison (`benchmarks.compare`)."""

from __future__ import annotations

from typing import Any

from benchmarks import pages
from benchmarks.compare import LEVELS, at_recall, cheapest
from benchmarks.plots import Line, Plot, image


def sections(numbers: dict[str, Any], plots: list[Plot]) -> list[str]:
    """Markdown of one set's comparison."""
    peers = numbers["peers"]
    return [
        f"{numbers['rows']:,} x {numbers['dimensions']} ({numbers['metric']}), "
        f"{numbers['queries']} queries, the best 10, medians of {numbers['rounds']} rounds in "
        "which every setting of every peer has a turn. One query at a time from one thread, timed "
        "in the peer's process; the HNSW libraries are told to use one thread, the others decide "
        "themselves. Recall is by exact score: what is as good as the true 10th counts.",
        "",
        "## Latency at a recall",
        "",
        *_levels(peers),
        "",
        image(plots[0]),
        "",
        "## Building, memory, disk",
        "",
        *_costs(numbers),
        "",
        *(line for plot in plots[1:] for line in (image(plot), "")),
        "Held memory can't be dropped (anonymous and shared, of the process and its children, with "
        "the interpreter and libraries); mapped pages of files the system may drop. "
        f"Memory is that of a process which opened the index and answered {numbers['soak']:,} "
        "queries after the rounds. Searchable: every row is in the index; engines that acknowledge "
        "before that have both rates.",
        "",
        "## What is compared",
        "",
        *_who(peers),
        "",
        *(
            line
            for name, why in numbers["failed"].items()
            for line in (f"{name} failed: {why}", "")
        ),
        "## Every setting",
        "",
        *_points(peers),
    ]


def comparison_plots(name: str, numbers: dict[str, Any]) -> list[Plot]:
    """Recall against latency; rates; memory; disk."""
    peers = numbers["peers"]
    lines = [
        Line(
            peer,
            [point["recall"] for point in cheapest(each["points"])],
            [point["p50"] for point in cheapest(each["points"])],
        )
        for peer, each in peers.items()
    ]
    what = f"{numbers['rows']:,} x {numbers['dimensions']}"
    raw = f"{what} ({numbers['bytes'] / 1e6:,.0f} MB as float32)"
    return [
        Plot(
            f"{name}-latency",
            f"Latency at recall@10, {what}",
            "recall@10",
            "p50 (ms)",
            lines,
            nines=True,
            y_log=True,
        ),
        _bars(
            f"{name}-ingest",
            f"Vectors/s until searchable, {what}",
            "vectors/s",
            {peer: numbers["rows"] / each["build"]["searchable"] for peer, each in peers.items()},
        ),
        _bars(
            f"{name}-memory",
            f"Memory held, {raw}",
            "MB",
            {peer: each["memory"]["held"] / 1e6 for peer, each in peers.items()},
        ),
        _bars(
            f"{name}-disk",
            f"On disk, {raw}",
            "MB",
            {peer: each["disk"] / 1e6 for peer, each in peers.items()},
        ),
    ]


def _bars(name: str, title: str, unit: str, values: dict[str, float]) -> Plot:
    places = [float(number) for number in range(len(values))]
    names = [peer.replace(" ", "\n") for peer in values]
    return Plot(name, title, "", unit, [Line("", places, list(values.values()))], True, names)


def _levels(peers: dict[str, Any]) -> list[str]:
    head = ["p50, p99 ms at recall@10", *(f"{level}" for level in LEVELS), "best recall"]
    rows = []
    for name, each in peers.items():
        cells = []
        for level in LEVELS:
            values = [at_recall(each["points"], level, what) for what in ("p50", "p99")]
            cells.append(
                "not reached" if None in values else ", ".join(map(pages.milliseconds, values))
            )
        best = max(point["recall"] for point in each["points"])
        rows.append([name, *cells, f"{best:.4f}"])
    return pages.table(head, rows)


def _costs(numbers: dict[str, Any]) -> list[str]:
    head = [
        "", "vectors/s acknowledged", "searchable", "memory held", "mapped", "peak of building",
        "on disk", "open",
    ]  # fmt: skip
    rows = [
        [
            name,
            f"{numbers['rows'] / each['build']['acked']:,.0f}",
            f"{numbers['rows'] / each['build']['searchable']:,.0f}",
            pages.megabytes(each["memory"]["held"]),
            pages.megabytes(each["memory"]["mapped"]),
            pages.megabytes(each["build_peak"]),
            pages.megabytes(each["disk"]),
            pages.seconds(each["open"]),
        ]
        for name, each in numbers["peers"].items()
    ]
    rows.append(["vectors as float32", *[""] * 5, pages.megabytes(numbers["bytes"]), ""])
    return pages.table(head, rows)


def _who(peers: dict[str, Any]) -> list[str]:
    rows = [
        [name, ", ".join(f"{k} {v}" for k, v in each["versions"].items()), each["made"],
         each["lacks"] or "-"]
        for name, each in peers.items()
    ]  # fmt: skip
    return pages.table(["", "versions", "settings", "does not have"], rows)


def _points(peers: dict[str, Any]) -> list[str]:
    rows = [
        [name, pages.setting(point["setting"]), f"{point['recall']:.4f}",
         pages.milliseconds(point["p50"]), pages.milliseconds(point["p99"]),
         f"{pages.milliseconds(min(point['p50_rounds']))} - "
         f"{pages.milliseconds(max(point['p50_rounds']))}"]
        for name, each in peers.items()
        for point in each["points"]
    ]  # fmt: skip
    head = ["", "setting", "recall@10", "p50 ms", "p99 ms", "p50 of the rounds"]
    return pages.table(head, rows)
