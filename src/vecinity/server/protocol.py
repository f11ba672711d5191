"""uvicorn's HTTP protocol with the bounds that it lacks: header size, and time for everything.

One sweep a second looks after all connections of a server; a request costs no timer.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Sized
from itertools import chain
from typing import Any, ClassVar, cast
from weakref import WeakSet

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from vecinity.errors import HeadersTooLarge, MalformedRequest, RequestTimeout, VectorizeError
from vecinity.server import surface

_FRESH, _HEADER, _BODY, _DONE, _LAST, _ENDING = range(6)
"""What a connection does. From `_LAST` on, what arrives is discarded: in `_LAST` answers are still
due, in `_ENDING` all is said and the client gets a moment to read it."""

_HEADER_OVERHEAD = len(b": \r\n")
_FRAMING = (b"content-length", b"transfer-encoding")


class _Outlet:
    """A connection's transport as its requests see it: they can't cut off a client that sends."""

    __slots__ = ("_guard",)

    def __init__(self, guard: GuardedProtocol) -> None:
        self._guard = guard

    def write(self, data: bytes) -> None:
        if self._guard._phase != _ENDING:
            self._guard.transport.write(data)

    def close(self) -> None:
        self._guard._close()

    def is_closing(self) -> bool:
        return self._guard._phase == _ENDING or self._guard.transport.is_closing()


class _Flow(FlowControl):
    """Reads no further while requests wait for their turn, whatever the one that runs asks for."""

    def __init__(self, transport: asyncio.Transport, waiting: Sized) -> None:
        super().__init__(transport)
        self._waiting = waiting

    def resume_reading(self) -> None:
        if not self._waiting:
            super().resume_reading()


class _Parser(httptools.HttpRequestParser):
    """Reads a request that asks for an upgrade as the plain request that it also is.

    The parser beneath takes such a request to end with its headers, so that a body would be lost,
    or read as the next request. A second head, without the upgrade, makes it read on.
    """

    def __init__(self, protocol: GuardedProtocol) -> None:
        super().__init__(protocol)
        self._protocol = protocol

    def feed_data(self, data: bytes | bytearray | memoryview[int] | array[int]) -> None:
        """Raises HttpParserError."""
        while data:
            try:
                super().feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0] :]
                super().feed_data(self._protocol.plain_head())


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
    linger_seconds: ClassVar[float] = 10.0
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
        self.parser = _Parser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
        self._outlet = cast(asyncio.Transport, _Outlet(self))
        self.url = b""
        self._unwritten = 0
        self._unwritten_since = 0.0
        self._enter(_FRESH)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        super().connection_made(transport)
        self.flow = _Flow(transport, self.pipeline)
        if self.server_state not in self._swept:
            self._swept.add(self.server_state)
            self.loop.call_later(self.sweep_seconds, self._sweep)

    def data_received(self, data: bytes) -> None:
        if self._phase >= _LAST:
            self._drain(len(data))
            return
        scope, phase, body_bytes = self.scope, self._phase, self._body_bytes
        super().data_received(data)
        if scope is self.scope and phase == self._phase and body_bytes == self._body_bytes:
            self._count_fruitless(len(data))

    def plain_head(self) -> bytes:
        """A head with no more of the current request's headers than tell how its body ends."""
        framing = (header for header in self.headers if header[0] in _FRAMING)
        lines = [b"%s: %s\r\n" % header for header in framing]
        return b"".join([b"POST / HTTP/1.1\r\n", *lines, b"\r\n"])

    def on_message_begin(self) -> None:
        if self._phase in (_FRESH, _DONE):  # else it is a plain head, of a request that has begun
            self._enter(_HEADER)
            super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._phase == _HEADER:  # else it is a trailer, which nothing here reads
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._phase != _HEADER:
            return
        size = len(self.url) + sum(map(len, chain.from_iterable(self.headers)))
        if size + len(self.headers) * _HEADER_OVERHEAD > self.max_header_bytes:
            self._refuse(HeadersTooLarge(self.max_header_bytes))
            return
        super().on_headers_complete()
        self.cycle.transport = self._outlet
        self._enter(_BODY)

    def on_body(self, body: bytes) -> None:
        if self._phase != _BODY:
            return
        self._body_bytes += len(body)
        self._fruitless_bytes = 0
        if self.cycle.response_complete:
            self._drain(len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._phase == _BODY and not self.parser.should_upgrade():
            self._enter(_DONE)
            super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._phase == _DONE:
            self._since = self.loop.time()
        elif self._phase == _BODY and self.cycle.response_complete and self.expect_100_continue:
            # The client need not send this body now; what comes next could be taken for it.
            self._end()

    def send_400_response(self, msg: str) -> None:
        self._refuse(MalformedRequest())

    def _should_upgrade(self) -> bool:
        return False

    def _enter(self, phase: int) -> None:
        self._phase = phase
        self._since = self.loop.time()
        self._body_bytes = self._fruitless_bytes = self._drained_bytes = 0

    def _count_fruitless(self, size: int) -> None:
        """Count what completed no header and was no body: a header or trailer that goes on."""
        self._fruitless_bytes += size
        if self._fruitless_bytes > self.max_header_bytes and self._phase in (_HEADER, _BODY):
            self._refuse(HeadersTooLarge(self.max_header_bytes))

    def _drain(self, size: int) -> None:
        self._drained_bytes += size
        if self._drained_bytes > self.drain_bytes:
            self.transport.abort()

    def _refuse(self, error: VectorizeError) -> None:
        """Answer `error`, unless something else was begun, and end the connection soon."""
        if self._phase >= _LAST:
            return
        due = self.cycle is not None and not self.cycle.response_complete
        if self._phase != _BODY and due:
            # Earlier requests on this connection came whole: the answers are theirs.
            self.cycle.keep_alive = False
            self._enter(_LAST)
        elif self._phase == _BODY and not due:
            self._end()
        elif self._phase == _BODY and self.cycle.response_started:
            self.transport.abort()
        else:
            self._answer(error)

    def _answer(self, error: VectorizeError) -> None:
        if self._phase == _BODY:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        path, _, _ = self.url.partition(b"?")
        response = surface.failure(path.decode("latin-1"), error)
        headers = [*response.raw_headers, (b"connection", b"close")]
        lines = [b"%s: %s\r\n" % header for header in headers]
        self.transport.write(b"".join([STATUS_LINE[error.status], *lines, b"\r\n", response.body]))
        self._end()

    def _close(self) -> None:
        """Close after an answer; a client that still sends must be able to read it."""
        if self._phase == _DONE:
            self.transport.close()
        else:
            self._end()

    def _end(self) -> None:
        """Send nothing more, and discard what still comes, for a moment."""
        self._enter(_ENDING)
        self.pipeline.clear()
        self.flow.resume_reading()
        if self.transport.can_write_eof() and not self.transport.is_closing():
            self.transport.write_eof()

    def _sweep(self) -> None:
        """Look after every connection of this server, and come again while there are any."""
        if not self.connections:
            self._swept.discard(self.server_state)
            return
        self.loop.call_later(self.sweep_seconds, self._sweep)
        now = self.loop.time()
        for connection in list(self.connections):
            if isinstance(connection, GuardedProtocol):
                connection._check(now)

    def _check(self, now: float) -> None:
        self._check_reader(now)
        if self.transport.is_closing():
            return
        spent = now - self._since
        if self._phase in (_HEADER, _BODY):
            self._check_sender(now, spent)
        elif (
            (self._phase == _FRESH and spent > self.header_seconds)
            or (self._phase == _ENDING and spent > self.linger_seconds)
            or (self._is_idle() and spent > self.timeout_keep_alive)
        ):
            self.transport.close()

    def _is_idle(self) -> bool:
        return self._phase == _DONE and self.cycle.response_complete

    def _check_sender(self, now: float, spent: float) -> None:
        due = (spent - self.body_grace_seconds) * self.body_bytes_per_second
        if self.flow.read_paused:
            # The application is slow, not the client: the time does not count.
            self._since = now
            self._body_bytes = 0
        elif spent > self.header_seconds if self._phase == _HEADER else self._body_bytes < due:
            self._refuse(RequestTimeout())

    def _check_reader(self, now: float) -> None:
        """Drop a client that reads nothing of what waits for it."""
        waiting = self.transport.get_write_buffer_size()
        if not waiting or waiting < self._unwritten or not self._unwritten:
            self._unwritten_since = now
        elif now - self._unwritten_since > self.write_seconds:
            self.transport.abort()
        self._unwritten = waiting
