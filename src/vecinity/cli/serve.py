"""`vecinity serve`: the server on a data directory."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import cast

import click
import uvicorn

from vecinity import __version__
from vecinity.cli import serve_options
from vecinity.errors import CannotOpen
from vecinity.limits import PROFILES, Profile
from vecinity.local.engine import LocalEngine
from vecinity.server.app import create_app
from vecinity.server.faults import Fault
from vecinity.server.protocol import GuardedProtocol
from vecinity.server.settings import ServerSettings

DEFAULT_PORT = 8328
_DRAIN_SECONDS = 10
_IDLE_SECONDS = 75


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
    "--legacy-v1/--no-legacy-v1",
    default=None,
    help="Create indexes of the legacy V1 API too. By default only with --profile open. V1 indexes "
    "that exist can be used in any case.",
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
    legacy_v1: bool | None,
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
    listener = _listen(host, port, anyone=settings.token is None)
    try:
        engine = LocalEngine(data, profile=known, visibility_delay=delay)
    except (CannotOpen, OSError) as error:
        raise click.ClickException(str(error)) from error
    _configure_logging()
    config = uvicorn.Config(
        create_app(engine, settings),
        http=GuardedProtocol,
        ws="none",
        timeout_keep_alive=_IDLE_SECONDS,
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    try:
        _Server(config, host, data, list(_oddities(delay, faults))).run(sockets=[listener])
    finally:
        engine.close()


class _Server(uvicorn.Server):
    """Says where it listens, once it does; a signal to end is no failure."""

    def __init__(
        self, config: uvicorn.Config, host: str, data: Path, oddities: Sequence[str]
    ) -> None:
        super().__init__(config)
        self._oddities = oddities
        self._host = host
        self._data = data

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if sockets:
            port = sockets[0].getsockname()[1]
            host = f"[{self._host}]" if ":" in self._host else self._host
            click.echo(f"Vecinity {__version__}, data in {self._data}, Ctrl-C ends it")
            for oddity in self._oddities:
                click.echo(oddity)
            click.echo(f"For wrangler: CLOUDFLARE_API_BASE_URL=http://{host}:{port}/client/v4")
            click.echo(f"Vecinity is listening on http://{host}:{port}")
            sys.stdout.flush()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, but it does not raise the signal again: the data is closed first."""
        handled = (signal.SIGINT, signal.SIGTERM)
        before = [(number, signal.signal(number, self.handle_exit)) for number in handled]
        try:
            yield
        finally:
            for number, handler in before:
                signal.signal(number, handler)


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


def _listen(host: str, port: int, *, anyone: bool) -> socket.socket:
    """A listening socket. Raises ClickException where nobody's token would be asked for."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}: {error}") from error
    family, kind, protocol, _, address = found[0]
    if anyone and not ip_address(address[0]).is_loopback:
        raise click.ClickException(
            f"{host} can be reached from other machines: give a token with --token or "
            "VECINITY_TOKEN, or listen on 127.0.0.1"
        )
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise click.ClickException(
            f"cannot listen on {host} port {port}: {error.strerror}"
        ) from error
    return listener
