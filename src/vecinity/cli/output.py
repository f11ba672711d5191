"""What commands print: JSON as wrangler does, tables for people, notes on stderr."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

_PIPE_COLUMNS = 1_000
"""Wide enough that no cell is broken where there is no terminal to fit."""


def say(text: str) -> None:
    """A line of result on stdout."""
    click.echo(text)


def warn(text: str) -> None:
    """A line on stderr for what is no error, such as an empty result."""
    click.echo(text, err=True)


def say_json(value: object) -> None:
    """`value`, as the API writes it, with wrangler's indentation of two spaces."""
    import orjson

    compact = orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
    click.echo(json.dumps(json.loads(compact), indent=2, ensure_ascii=False))


def counted(count: int, what: str) -> str:
    """`1 vector`, `2 vectors`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def console(*, stderr: bool = False) -> Console:
    """A rich console that takes texts as they are: no markup, no emoji codes."""
    from rich.console import Console

    found = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not found.is_terminal:
        found.width = _PIPE_COLUMNS
    return found


def say_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table with one header line."""
    from rich import box
    from rich.table import Table

    table = Table(*columns, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in table.columns:
        column.overflow = "fold"
    for row in rows:
        table.add_row(*row)
    console().print(table)


def say_facts(facts: Sequence[tuple[str, str]]) -> None:
    """Names and values, one pair a line."""
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        click.echo(f"{name:<{width}}  {value}")


def when(moment: datetime | None) -> str:
    """A time for people: UTC, to the second."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if moment else "-"
