"""What the command line asks for."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs" / "benchmarks"
SMALL_ROWS = 3_000


@dataclass(frozen=True, slots=True)
class Options:
    """Attributes:
    data: the folder of the real set, or None if it was not given.
    cache: sets, exact answers, environments and indexes.
    out: where pages, their numbers and their plots go.
    rows: the most rows of a set, None for all; queries: how many of the 500.
    peers: names to run, None for all.
    keep: leave indexes in the cache, and take those that an earlier run left there, with the
        numbers of their building.
    """

    data: Path | None
    cache: Path
    out: Path
    rounds: int = 5
    rows: int | None = None
    queries: int = 500
    soak: int = 10_000
    peers: tuple[str, ...] | None = None
    keep: bool = False
    plots: bool = True

    def real(self) -> Path:
        """The folder of the real set.

        Raises:
            SystemExit: it was not given, or is none.
        """
        if self.data is None:
            raise SystemExit("this part needs the real set: --data FOLDER")
        if not (self.data / "vectors.f16.npy").is_file():
            raise SystemExit(f"--data {self.data}: no vectors.f16.npy in it")
        return self.data

    def limited(self, rows: int) -> int:
        """`rows`, or the most that were asked for."""
        return rows if self.rows is None else min(rows, self.rows)


def parser(parts: tuple[str, ...]) -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="make bench ARGS=...", description="Run benchmarks, write their pages to docs."
    )
    made.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(parts)}")
    made.add_argument("--data", type=Path, help="folder of the real set")
    made.add_argument("--cache", type=Path, default=cache_folder(), help="default: %(default)s")
    made.add_argument("--out", type=Path, default=DOCS, help="default: docs/benchmarks")
    made.add_argument("--rounds", type=int, default=5, help="rounds of each measurement")
    made.add_argument("--rows", type=int, help="the most rows of a set")
    made.add_argument("--queries", type=int, default=500, help="queries of a set (%(default)s)")
    made.add_argument("--peers", help="names separated by commas; default: all")
    made.add_argument("--scale", choices=("small", "full"), default="full", help="small: a trial")
    made.add_argument("--keep", action="store_true", help="leave indexes there for the next run")
    made.add_argument("--no-plots", dest="plots", action="store_false", help="tables only")
    made.add_argument("--render", action="store_true", help="pages from the numbers there are")
    return made


def options(given: argparse.Namespace) -> Options:
    """The options of a parsed command line; `--scale small` fills in what was left out."""
    small = given.scale == "small"
    return Options(
        data=given.data,
        cache=given.cache.absolute(),
        out=given.out,
        rounds=min(given.rounds, 2) if small else given.rounds,
        rows=(given.rows or SMALL_ROWS) if small else given.rows,
        queries=min(given.queries, 50) if small else given.queries,
        soak=200 if small else 10_000,
        peers=tuple(given.peers.split(",")) if given.peers else None,
        keep=given.keep,
        plots=given.plots,
    )


def cache_folder() -> Path:
    """Where sets, environments and indexes are kept unless `--cache` says otherwise."""
    given = os.environ.get("VECINITY_CACHE")
    return Path(given) if given else Path.home() / ".cache" / "vecinity" / "bench"
