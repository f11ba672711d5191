"""Progress on the terminal: what is being done, and how far it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, track

T = TypeVar("T")
_CONSOLE = Console(stderr=True)


def bar(what: str, items: Iterable[T], total: float | None = None) -> Iterable[T]:
    """The items, with a bar that moves as they are taken."""
    return track(items, what, total, console=_CONSOLE)


@contextmanager
def step(what: str) -> Iterator[None]:
    """A spinner and a clock while something runs whose end nobody knows."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=_CONSOLE, transient=True) as progress:
        progress.add_task(what, total=None)
        yield
    _CONSOLE.print(what, "done", style="dim")


def say(what: str) -> None:
    """A line that stays."""
    _CONSOLE.print(what, highlight=False)
