"""The command `demo`: a server, 2,000 real embeddings, some queries, and what to try next."""

from __future__ import annotations

import contextlib
import itertools
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import click

import vecinity
from vecinity import Database, Index, Vector
from vecinity import demo as sample
from vecinity.cli.command import Command
from vecinity.cli.demo_guide import ACCOUNT, TOKEN, guide
from vecinity.cli.demo_queries import VECTOR_ID, ask, questions
from vecinity.cli.demo_server import running_server
from vecinity.cli.output import console, say
from vecinity.errors import DuplicateName
from vecinity.model import MetadataType

INDEX = "wordnet"
_BATCH = 250


@click.command(cls=Command)
@click.option("--exit", "leave", is_flag=True, help="Stop after the queries.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8328,
    metavar="N",
    show_default=True,
    help="Port on 127.0.0.1; 0 takes a free one.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".vecinity/demo"),
    metavar="DIR",
    show_default=True,
    help="Directory for the demo's index; it can be used again, or deleted.",
)
def demo(leave: bool, port: int, data: Path) -> None:
    """Start a server with 2,000 real embeddings and query it.

    The texts are definitions of WordNet, embedded with all-MiniLM-L6-v2 (384 dimensions). After
    the queries it prints commands for curl, wrangler and the Cloudflare SDK, and stays up until
    Ctrl-C.

    \b
    Example:
      vecinity demo --port 8400
    """
    with _ends_cleanly(), running_server(port, data) as server:
        say(f"Server at {server.url}, data in {data}")
        with vecinity.connect(server.url, token=TOKEN, account=ACCOUNT) as database:
            for question in questions(_loaded(database)):
                ask(question)
        if not leave:
            _show_guide(server.url)
            server.wait()
            raise KeyboardInterrupt  # as if the signal had come here first


@contextlib.contextmanager
def _ends_cleanly() -> Iterator[None]:
    """Ctrl-C and SIGTERM end the block without a traceback."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        say("\nStopped.")
    finally:
        signal.signal(signal.SIGTERM, before)


def _loaded(database: Database) -> Index:
    """The demo's index with the whole sample; what an earlier run wrote stays as it is."""
    with contextlib.suppress(DuplicateName):
        database.create_index(INDEX, dimensions=sample.DIMENSIONS, metric="cosine")
    index = database.index(INDEX)
    for name, kind in sample.METADATA_INDEXES.items():
        index.create_metadata_index(name, cast(MetadataType, kind))
    vectors = sample.vectors()
    start = time.perf_counter()
    for batch in _with_bar(vectors):
        index.insert(batch)
    took = time.perf_counter() - start
    count = index.describe().vector_count
    say(f"Index '{INDEX}': {count:,} definitions of WordNet, loaded over HTTP in {took:.1f} s")
    return index


def _with_bar(vectors: list[Vector]) -> Iterator[tuple[Vector, ...]]:
    """Batches of `vectors`, with a progress bar on a terminal."""
    from rich.progress import Progress

    bar = Progress(console=console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    with bar:
        task = bar.add_task("loading", total=len(vectors))
        rest = iter(vectors)
        while batch := tuple(itertools.islice(rest, _BATCH)):
            yield batch
            bar.advance(task, len(batch))


def _show_guide(url: str) -> None:
    say("\nThe server stays up until Ctrl-C. From another terminal:")
    for step in guide(url, INDEX, VECTOR_ID):
        say(f"\n{click.style('# ' + step.title, bold=True)}\n{step.command}")
    say("")
