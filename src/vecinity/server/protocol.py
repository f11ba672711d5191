"""uvicorn's HTTP protocol with the bounds that it lacks: header size, and time for everything.

One sweep a second looks after all connections of a server; a request costs no timer.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar
from weakref import WeakSet

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from vecinity.errors import HeadersTooLarge, MalformedRequest, RequestTimeout, VectorizeError
from vecinity.server import envelope

_FRESH, _HEADER, _BODY, _DONE, _REFUSED = range(5)


class GuardedProtocol(HttpToolsProtocol):
    """One connection. Subclass it with other numbers where these do not fit.

    Attributes:
        max_header_bytes: of the request line and all headers of a request.
        header_seconds: for the headers to arrive, from a connection's or request's first moment.
        body_grace_seconds, body_bytes_per_second: a body may come as slowly as this, after the
            grace; there is no absolute limit, since a large upload on a slow link is legal.
        write_seconds: for a client to read anything of what waits for it.
        drain_bytes: what may still arrive, unread, after a request was answered early.
        linger_seconds: how long a refused client may go on sending before its connection ends;
            ended at once, it might never read why.
        sweep_seconds: how often these are looked at.
    """

    max_header_bytes: ClassVar[int] = 65_536
    header_seconds: ClassVar[float] = 15.0
    body_grace_seconds: ClassVar[float] = 15.0
    body_bytes_per_second: ClassVar[float] = 10_000.0
    write_seconds: ClassVar[float] = 30.0
    drain_bytes: ClassVar[int] = 256_000_000
    linger_seconds: ClassVar[float] = 2.0
    sweep_seconds: ClassVar[float] = 1.0

    _swept: ClassVar[WeakSet[ServerState]] = WeakSet()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._phase = _FRESH
        self._since = self.loop.time()
        self._bytes = 0
        self._drained = 0
        self._unwritten = 0
        self._unwritten_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        super().connection_made(transport)
        if self.server_state not in self._swept:
            self._swept.add(self.server_state)
            self.loop.call_later(self.sweep_seconds, self._sweep)

    def data_received(self, data: bytes) -> None:
        if self._phase == _REFUSED:
            self._drain(len(data))
            return
        before = self._phase
        super().data_received(data)
        if before == _HEADER and self._phase == _HEADER:
            self._count_header(len(data))

    def on_message_begin(self) -> None:
        if self._phase != _REFUSED:
            self._enter(_HEADER)
            super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count_header(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._phase != _REFUSED:
            super().on_header(name, value)
            self._count_header(len(name) + len(value))

    def on_headers_complete(self) -> None:
        if self._phase != _REFUSED:
            self._enter(_BODY)
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._phase == _REFUSED:
            return
        self._bytes += len(body)
        if self.cycle.response_complete:
            self._drain(len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._phase != _REFUSED:
            self._enter(_DONE)
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        if self._phase != _REFUSED:
            self._refuse(MalformedRequest())

    def _unsupported_upgrade_warning(self) -> None:
        """An upgrade is answered as the plain request that it also is; no reason to log it."""

    def _enter(self, phase: int) -> None:
        self._phase = phase
        self._since = self.loop.time()
        self._bytes = 0

    def _count_header(self, size: int) -> None:
        self._bytes += size
        if self._bytes > self.max_header_bytes and self._phase == _HEADER:
            self._refuse(HeadersTooLarge(self.max_header_bytes))

    def _drain(self, size: int) -> None:
        self._drained += size
        if self._drained > self.drain_bytes:
            self.transport.abort()

    def _refuse(self, error: VectorizeError) -> None:
        """Answer `error`, unless something else was begun, and end the connection soon."""
        answered = self.cycle is not None and not self.cycle.response_complete
        if answered and self.cycle.response_started:
            self.transport.abort()
            return
        self._enter(_REFUSED)
        if answered:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.flow.resume_reading()
        response = envelope.failure(error)
        headers = [*response.raw_headers, (b"connection", b"close")]
        lines = [b"%s: %s\r\n" % header for header in headers]
        self.transport.write(b"".join([STATUS_LINE[error.status], *lines, b"\r\n", response.body]))
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _sweep(self) -> None:
        """Look after every connection of this server, and come again while there are any."""
        for connection in list(self.connections):
            if isinstance(connection, GuardedProtocol):
                connection._check(self.loop.time())
        if self.connections:
            self.loop.call_later(self.sweep_seconds, self._sweep)
        else:
            self._swept.discard(self.server_state)

    def _check(self, now: float) -> None:
        if self.transport.is_closing() and not self.transport.get_write_buffer_size():
            return
        self._check_reader(now)
        spent = now - self._since
        if self._phase == _FRESH and spent > self.header_seconds:
            self.transport.close()
        elif self._phase == _HEADER and spent > self.header_seconds:
            self._refuse(RequestTimeout())
        elif self._phase == _BODY:
            self._check_body(now, spent)
        elif self._phase == _REFUSED and spent > self.linger_seconds:
            self.transport.close()

    def _check_body(self, now: float, spent: float) -> None:
        if self.flow.read_paused:
            # The application is slow, not the client: the time does not count.
            self._since = now
            self._bytes = 0
        elif self._bytes < (spent - self.body_grace_seconds) * self.body_bytes_per_second:
            self._refuse(RequestTimeout())

    def _check_reader(self, now: float) -> None:
        """Drop a client that reads nothing of what waits for it."""
        waiting = self.transport.get_write_buffer_size()
        if not waiting or waiting < self._unwritten or not self._unwritten:
            self._unwritten_since = now
        elif now - self._unwritten_since > self.write_seconds:
            self.transport.abort()
        self._unwritten = waiting
