"""`vecinity serve`: the server on a data directory."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import cast

import click

from vecinity.cli import serve_options
from vecinity.cli.remote import Remote
from vecinity.cli.serving import Server, configuration, listen
from vecinity.errors import CannotOpen
from vecinity.limits import DEFAULT_RECALL, MIN_RECALL, PROFILES, Profile
from vecinity.local.engine import LocalEngine
from vecinity.server.app import create_app
from vecinity.server.faults import Fault
from vecinity.server.settings import ServerSettings

DEFAULT_PORT = 8328


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=DEFAULT_PORT,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--data",
    default=".vecinity",
    show_default=True,
    envvar="VECINITY_DATA",
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory of the indexes; created if missing.",
)
@click.option(
    "--token",
    envvar="VECINITY_TOKEN",
    help="The bearer token that clients must send. Without one, only loopback addresses can be "
    "listened on, and any token is taken.  [env: VECINITY_TOKEN]",
)
@click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default="cloudflare",
    show_default=True,
    help="cloudflare: the service's limits and semantics. open: no limits, and conveniences.",
)
@click.option("--strict", is_flag=True, help="Refuse unknown fields and parameters by name.")
@click.option(
    "--allow-origin",
    "origins",
    multiple=True,
    metavar="ORIGIN",
    help="A browser origin that may call, such as http://localhost:5173. Repeatable.",
)
@click.option(
    "--visibility-delay",
    "delay",
    callback=serve_options.duration,
    default="0",
    metavar="TIME",
    help="Show writes to reads only after this time, such as 2s or 500ms, as production does; "
    "they are durable at once.",
)
@click.option(
    "--fail",
    "faults",
    callback=serve_options.faults,
    multiple=True,
    metavar="FAULT",
    help="Fail calls on purpose, to test retries: rate=0.01,code=40041 and, if wanted, "
    ",operation=query and ,seed=7. Repeatable.",
)
@click.option(
    "--recall-target",
    type=click.FloatRange(MIN_RECALL, 1.0),
    default=DEFAULT_RECALL,
    show_default=True,
    help="How many of the nearest vectors queries find in large indexes; 1 is exact, and slow.",
)
@click.option(
    "--legacy-v1/--no-legacy-v1",
    default=None,
    help="Create indexes of the legacy V1 API too. By default only with --profile open. V1 indexes "
    "that exist can be used in any case.",
)
@click.option(
    "--wrangler-remote",
    is_flag=True,
    help="Serve `remote: true` bindings of stock wrangler too, over TLS; prints what to set up.",
)
@click.option(
    "--wrangler-remote-address",
    "remote_address",
    callback=serve_options.address,
    default="127.0.0.1:443",
    show_default=True,
    metavar="HOST:PORT",
    help="Where these are served; wrangler itself only goes to port 443.",
)
def serve(
    host: str,
    port: int,
    data: Path,
    token: str | None,
    profile: str,
    strict: bool,
    origins: tuple[str, ...],
    delay: float,
    faults: tuple[Fault, ...],
    recall_target: float,
    legacy_v1: bool | None,
    wrangler_remote: bool,
    remote_address: tuple[str, int],
) -> None:
    """Serve the Vectorize V2 API from a directory, until Ctrl-C.

    \b
    Example: vecinity serve --port 8328 --data .vecinity
    """
    known = cast(Profile, profile)
    legacy = known == "open" if legacy_v1 is None else legacy_v1
    settings = ServerSettings(
        known, PROFILES[known], token or None, strict, origins, faults, legacy_v1=legacy
    )
    listener = listen(host, port, anyone=settings.token is None)
    try:
        engine = LocalEngine(
            data, profile=known, visibility_delay=delay, recall_target=recall_target
        )
    except (CannotOpen, OSError) as error:
        raise click.ClickException(str(error)) from error
    _configure_logging()
    with closing(engine):
        remote = Remote(data, remote_address, settings.token or "") if wrangler_remote else None
        tls = remote.server(engine, settings) if remote else None
        app = create_app(engine, settings, remote.tokens if remote else None)
        notes = [*_oddities(delay, faults), *(remote.advice() if remote else ())]
        Server(configuration(app), host, data, notes, tls).run(sockets=[listener])


def _configure_logging() -> None:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    # What clients send wrongly is theirs to read, in the answer.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)


def _oddities(delay: float, faults: Sequence[Fault]) -> Iterator[str]:
    """What makes this server behave unlike others, in words."""
    if delay:
        yield f"Reads see a write after {delay:g} s (--visibility-delay)"
    for fault in faults:
        yield f"Fails {fault} (--fail)"
