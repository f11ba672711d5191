"""Servers as processes run them: sockets, uvicorn, signals."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import click
import uvicorn

from vecinity import __version__
from vecinity.server.protocol import GuardedProtocol

_DRAIN_SECONDS = 10
_IDLE_SECONDS = 75


def configuration(app: Callable[..., Any], **more: Any) -> uvicorn.Config:
    """uvicorn's, the same for every listener; `more` is added."""
    return uvicorn.Config(
        app,
        http=GuardedProtocol,
        ws="none",
        timeout_keep_alive=_IDLE_SECONDS,
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
        **more,
    )


class Beside(uvicorn.Server):
    """A server that runs beside the main one, which gets the signals.

    Args:
        listener: its socket.
    """

    def __init__(self, config: uvicorn.Config, listener: socket.socket) -> None:
        super().__init__(config)
        self._listener = listener

    async def begin(self) -> asyncio.Task[None]:
        """Start it; the task ends with it."""
        task = asyncio.create_task(self.serve(sockets=[self._listener]))
        while not self.started and not task.done():
            await asyncio.sleep(0.01)
        if task.done():
            await task  # raises what kept it from starting
        return task

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Server(uvicorn.Server):
    """Says where it listens, once it does; a signal to end is no failure.

    Args:
        notes: lines to say besides.
        beside: a second server, which starts and ends with this one.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        host: str,
        data: Path,
        notes: Sequence[str] = (),
        beside: Beside | None = None,
    ) -> None:
        super().__init__(config)
        self._host = host
        self._data = data
        self._notes = notes
        self._beside = beside
        self._task: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._beside:
            self._task = await self._beside.begin()
        if sockets:
            port = sockets[0].getsockname()[1]
            host = f"[{self._host}]" if ":" in self._host else self._host
            click.echo(f"Vecinity {__version__}, data in {self._data}, Ctrl-C ends it")
            for note in self._notes:
                click.echo(note)
            click.echo(f"For wrangler: CLOUDFLARE_API_BASE_URL=http://{host}:{port}/client/v4")
            click.echo(f"Vecinity is listening on http://{host}:{port}")
            sys.stdout.flush()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._beside and self._task:
            self._beside.should_exit = True
            await self._task
        await super().shutdown(sockets)

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


def listen(host: str, port: int, *, anyone: bool) -> socket.socket:
    """A listening socket.

    Args:
        anyone: no token will be asked for, so that only loopback is allowed.

    Raises:
        ClickException: it is not allowed, or not possible.
    """
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
