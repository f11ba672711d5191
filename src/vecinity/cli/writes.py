"""The commands `insert` and `upsert`: a file of vectors, sent in batches."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal

import click

from vecinity.cli.command import Command, Failure
from vecinity.cli.indexes import json_flag, name_argument, no_v1
from vecinity.cli.ndjson import Batch, Reader
from vecinity.cli.output import console, counted, say, say_json
from vecinity.cli.target import Target, with_target
from vecinity.errors import VectorizeError

Operation = Literal["insert", "upsert"]

file_option = click.option(
    "--file",
    required=True,
    metavar="PATH",
    help='NDJSON, a vector a line: {"id", "values", "namespace"?, "metadata"?}; - is stdin.',
)


def _batch_size(default: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        "--batch-size",
        type=click.IntRange(min=1),
        default=default,
        metavar="N",
        show_default=True,
        help="Vectors in a request; Cloudflare takes up to 5000.",
    )


@click.command(cls=Command)
@name_argument
@file_option
@_batch_size(1_000)
@no_v1
@json_flag
@with_target
def insert(target: Target, name: str, **options: Any) -> None:
    """Add the vectors of a file whose ids are new.

    A vector whose id exists is left as it is. Each batch is written or refused as a whole.

    \b
    Example:
      vecinity insert docs --file vectors.ndjson
    """
    _write("insert", target, name, **options)


@click.command(cls=Command)
@name_argument
@file_option
@_batch_size(5_000)
@json_flag
@with_target
def upsert(target: Target, name: str, **options: Any) -> None:
    """Add the vectors of a file, or replace them in full.

    A vector whose id exists is replaced: values, namespace and metadata. Each batch is written or
    refused as a whole.

    \b
    Example:
      vecinity upsert docs --file vectors.ndjson
    """
    _write("upsert", target, name, **options)


def _write(
    operation: Operation, target: Target, name: str, file: str, batch_size: int, as_json: bool
) -> None:
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(_opened(file))
        index = stack.enter_context(target.open()).index(name)
        bar = stack.enter_context(_bar(stream, name))
        reader = Reader(stream, file, batch_size)
        for batch in reader:
            mutation = _sent(index.insert if operation == "insert" else index.upsert, batch, reader)
            if bar is not None:
                bar(batch.size)
            elif not as_json:
                sent = counted(len(batch.vectors), "vector")
                say(f"Sent {sent} to index '{name}'. Mutation {mutation}.")
    if not reader.sent:
        raise Failure(f"there are no vectors in {file}")
    if as_json:
        say_json({"index": name, "count": reader.sent})
    else:
        what = "insertion" if operation == "insert" else "upsertion"
        sent = counted(reader.sent, "vector")
        say(f"Sent {sent} of {file} to index '{name}' for {what}.")


def _sent(send: Callable[[list[dict[str, Any]]], str], batch: Batch, reader: Reader) -> str:
    try:
        return send(batch.vectors)
    except VectorizeError as error:
        lines = f"lines {batch.first} to {batch.last} failed"
        raise Failure.of(error, f"({lines}, {reader.before()})") from error


@contextlib.contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115 - reading it may fail for other reasons
    except OSError as error:
        raise Failure(f"cannot read {file}: {error.strerror}") from error
    with stream:
        yield stream


@contextlib.contextmanager
def _bar(stream: BinaryIO, name: str) -> Iterator[Callable[[int], None] | None]:
    """A progress bar that takes bytes; None where there is no terminal to show it on."""
    if not sys.stderr.isatty() or stream is sys.stdin.buffer:
        yield None
        return
    from rich.progress import Progress

    with Progress(console=console(stderr=True), transient=True) as progress:
        size = Path(stream.name).stat().st_size
        task = progress.add_task(f"writing to {name}", total=size)
        yield functools.partial(progress.advance, task)
