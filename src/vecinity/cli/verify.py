"""`vecinity verify`: hold everything in a data directory against its checksums."""

from __future__ import annotations

from pathlib import Path

import click

from vecinity.errors import CannotOpen
from vecinity.local.engine import LocalEngine


@click.command()
@click.option(
    "--data",
    default=".vecinity",
    show_default=True,
    envvar="VECINITY_DATA",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Directory of the indexes; no server may be running on it.",
)
def verify(data: Path) -> None:
    """Read every row of every index and check it. Exits with 1 if something is wrong.

    \b
    Example: vecinity verify --data .vecinity
    """
    try:
        engine = LocalEngine(data)
    except (CannotOpen, OSError) as error:
        raise click.ClickException(str(error)) from error
    try:
        problems = list(engine.verify())
    finally:
        engine.close()
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise SystemExit(1)
    click.echo(f"{data}: every checksum is right")
