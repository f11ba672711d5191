"""Slow, endless and malformed requests over raw sockets: each ends as stated, and soon."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.process import Process, read_all
from tests.support.guarded import (
    BIG_BYTES,
    BYTES_PER_SECOND,
    GRACE_SECONDS,
    HEADER_SECONDS,
    IDLE_SECONDS,
    WRITE_SECONDS,
)

_SLACK = 1.5
_HEAD = b"POST / HTTP/1.1\r\nhost: a\r\n"
_GET = b"GET / HTTP/1.1\r\nhost: a\r\n"
_GET_AGAIN = b"GET / HTTP/1.1\r\n\r\n" * 2_000_000
_LAST = _GET + b"connection: close\r\n\r\n"


@pytest.fixture(scope="module")
def processes() -> Iterator[dict[str, Process]]:
    both = {name: Process(name) for name in ("guarded", "stock")}
    yield both
    for process in both.values():
        process.stop()


@pytest.fixture
def guarded(processes: dict[str, Process]) -> Iterator[Process]:
    yield processes["guarded"]
    processes["guarded"].hang_up()


@pytest.fixture
def stock(processes: dict[str, Process]) -> Iterator[Process]:
    yield processes["stock"]
    processes["stock"].hang_up()


def _error(answer: bytes) -> tuple[int, int]:
    """Status and code of an answer that is the API's envelope."""
    head, _, body = answer.partition(b"\r\n\r\n")
    envelope: dict[str, Any] = json.loads(body)
    assert envelope["success"] is False
    assert b"connection: close" in head
    return int(head.split()[1]), envelope["errors"][0]["code"]


def _slow_header(process: Process, seconds: float) -> bytes:
    """Send a header that never ends, byte by byte."""
    connection = process.connect()
    until = time.monotonic() + seconds
    with contextlib.suppress(OSError):
        connection.sendall(_GET)
        while time.monotonic() < until:
            connection.sendall(b"x")
            time.sleep(0.05)
    connection.settimeout(0.5)
    with contextlib.suppress(TimeoutError):
        return read_all(connection)
    return b"still open"


def _long_header(process: Process) -> bytes:
    """Send a header of 32 MB."""
    connection = process.connect(timeout=2)
    with contextlib.suppress(OSError):
        connection.sendall(_GET + b"x: ")
        for _ in range(512):
            connection.sendall(b"y" * 65_536)
    with contextlib.suppress(TimeoutError):
        return read_all(connection)
    return b"still open"


def _send_what_is_taken(connection: socket.socket, data: bytes) -> None:
    with contextlib.suppress(OSError):
        connection.sendall(data)


def test_a_header_that_never_ends_is_answered_408(guarded: Process) -> None:
    start = time.monotonic()
    assert _error(_slow_header(guarded, HEADER_SECONDS + 5)) == (408, 10408)
    assert time.monotonic() - start < HEADER_SECONDS + 5 + _SLACK


def test_a_header_of_32_mb_is_answered_431_and_not_kept(guarded: Process) -> None:
    before = guarded.memory()
    assert _error(_long_header(guarded)) == (431, 10431)
    assert guarded.memory() - before < 8_000_000


def test_many_headers_count_together(guarded: Process) -> None:
    connection = guarded.connect()
    lines = b"".join(b"x%d: %s\r\n" % (number, b"y" * 100) for number in range(1_000))
    connection.sendall(_GET + lines + b"\r\n")
    assert _error(read_all(connection)) == (431, 10431)


def test_headers_below_the_cap_are_fine(guarded: Process) -> None:
    connection = guarded.connect()
    connection.sendall(_GET + b"x: " + b"y" * 60_000 + b"\r\nconnection: close\r\n\r\n")
    assert read_all(connection).startswith(b"HTTP/1.1 200")


def test_the_stock_protocol_fails_both(stock: Process) -> None:
    """The planted bug: without the guard the same probes find open doors."""
    assert _slow_header(stock, HEADER_SECONDS + 1) == b"still open"
    before = stock.memory()
    assert _long_header(stock) == b"still open"
    assert stock.memory() == 0 or stock.memory() - before > 8_000_000


def test_a_silent_connection_is_closed(guarded: Process) -> None:
    start = time.monotonic()
    assert read_all(guarded.connect()) == b""
    assert HEADER_SECONDS * 0.5 < time.monotonic() - start < HEADER_SECONDS + _SLACK


def test_an_idle_connection_is_closed(guarded: Process) -> None:
    connection = guarded.connect()
    connection.sendall(_GET + b"\r\n")
    start = time.monotonic()
    assert read_all(connection).startswith(b"HTTP/1.1 200")
    assert IDLE_SECONDS * 0.5 < time.monotonic() - start < IDLE_SECONDS + _SLACK


def test_a_body_that_stops_is_answered_408(guarded: Process) -> None:
    connection = guarded.connect()
    connection.sendall(_HEAD + b"content-length: 100000\r\n\r\nabc")
    start = time.monotonic()
    assert _error(read_all(connection)) == (408, 10408)
    assert time.monotonic() - start < GRACE_SECONDS + _SLACK


def test_a_binding_is_told_in_its_own_form(guarded: Process) -> None:
    connection = guarded.connect()
    head = b"POST /binding/a/docs?token=x HTTP/1.1\r\nhost: a\r\n"
    connection.sendall(head + b"content-length: 100000\r\n\r\nabc")
    head, _, body = read_all(connection).partition(b"\r\n\r\n")
    assert head.split()[1] == b"408"
    assert json.loads(body) == {"code": 10408, "error": "request too slow"}


def test_a_slow_body_above_the_least_rate_is_taken(guarded: Process) -> None:
    connection = guarded.connect()
    pieces = int((GRACE_SECONDS + 1.0) / 0.1)
    piece = b"z" * int(BYTES_PER_SECOND * 0.15)
    connection.sendall(_HEAD + b"connection: close\r\n")
    connection.sendall(b"content-length: %d\r\n\r\n" % (pieces * len(piece)))
    for _ in range(pieces):
        connection.sendall(piece)
        time.sleep(0.1)
    assert read_all(connection).endswith(b"\r\n\r\n%d" % (pieces * len(piece)))


def test_a_body_shorter_than_declared_harms_nobody(guarded: Process) -> None:
    connection = guarded.connect()
    connection.sendall(_HEAD + b"content-length: 100\r\n\r\nabc")
    connection.close()
    other = guarded.connect()
    other.sendall(_LAST)
    assert read_all(other).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x00\x01\r\n\r\n",
        b"nonsense\r\n\r\n",
        _HEAD + b"content-length: x\r\n\r\n",
        _HEAD + b"content-length: 3\r\ncontent-length: 4\r\n\r\n",
        _HEAD + b"content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        _HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n\r\n",
    ],
)
def test_malformed_and_ambiguous_requests_are_refused(
    guarded: Process, request_bytes: bytes
) -> None:
    connection = guarded.connect()
    connection.sendall(request_bytes)
    answer = read_all(connection)
    assert _error(answer) == (400, 10400)


def test_an_early_answer_can_be_read_while_101_mb_are_still_sent(guarded: Process) -> None:
    connection = guarded.connect()
    connection.sendall(b"POST /early HTTP/1.1\r\nhost: a\r\ncontent-length: 101000000\r\n\r\n")
    for _ in range(101):
        connection.sendall(bytes(1_000_000))
    connection.sendall(_LAST)
    answers = read_all(connection)
    assert answers.startswith(b"HTTP/1.1 413")
    assert b"HTTP/1.1 200" in answers, "the connection can be used again"


def test_a_client_that_never_reads_is_dropped(guarded: Process) -> None:
    connection = guarded.connect()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    connection.sendall(b"GET /big HTTP/1.1\r\nhost: a\r\n\r\n")
    time.sleep(WRITE_SECONDS + _SLACK)  # not reading is what this client does
    assert len(read_all(connection)) < BIG_BYTES


def test_a_client_that_reads_gets_it_all(guarded: Process) -> None:
    connection = guarded.connect()
    connection.sendall(b"GET /big HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
    assert len(read_all(connection)) > BIG_BYTES


def test_pipelined_requests_are_answered_in_order(guarded: Process) -> None:
    connection = guarded.connect()
    posts = [_HEAD + b"content-length: %d\r\n\r\n%s" % (n, b"z" * n) for n in (3, 1, 2)]
    connection.sendall(b"".join(posts) + _LAST)
    bodies = [part[:1] for part in read_all(connection).split(b"\r\n\r\n")[1:]]
    assert bodies == [b"3", b"1", b"2", b"0"]


def test_hundreds_of_waiting_connections_do_not_hold_up_others(guarded: Process) -> None:
    for _ in range(900):
        guarded.connect().sendall(b"G")
    for _ in range(20):
        start = time.monotonic()
        client = guarded.connect()
        client.sendall(_LAST)
        assert read_all(client).startswith(b"HTTP/1.1 200")
        assert time.monotonic() - start < 1.0


def test_headers_in_many_segments_count_once(guarded: Process) -> None:
    connection = guarded.connect()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(b"GET /")
    for _ in range(10):
        connection.sendall(b"u" * 2_000)
        time.sleep(0.01)  # a segment of its own
    connection.sendall(b" HTTP/1.1\r\nhost: a\r\nconnection: close\r\n")
    for number in range(10):
        connection.sendall(b"x%d: %s\r\n" % (number, b"y" * 4_000))
        time.sleep(0.01)
    connection.sendall(b"\r\n")
    assert read_all(connection).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("trailers", [b"t: v\r\n" * 10_000, b"t" * 65_536], ids=["many", "long"])
@pytest.mark.parametrize("path", [b"/", b"/early"])
def test_trailers_that_never_end_are_not_kept(
    guarded: Process, path: bytes, trailers: bytes
) -> None:
    before = guarded.memory()
    connection = guarded.connect()
    connection.sendall(b"POST %s HTTP/1.1\r\nhost: a\r\n" % path)
    connection.sendall(b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n")
    with contextlib.suppress(OSError):
        for _ in range(200):
            connection.sendall(trailers)
    answer = read_all(connection)
    assert answer.count(b"HTTP/1.1") == 1
    assert answer.startswith(b"HTTP/1.1 413" if path == b"/early" else b"HTTP/1.1 431")
    assert guarded.memory() - before < 8_000_000


def test_a_few_trailers_are_fine(guarded: Process) -> None:
    connection = guarded.connect()
    connection.sendall(_HEAD + b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nt: v\r\n\r\n")
    connection.sendall(_LAST)
    bodies = [part[:1] for part in read_all(connection).split(b"\r\n\r\n")[1:]]
    assert bodies == [b"3", b"0"]


def test_pipelined_requests_are_not_read_ahead_of_their_answers(guarded: Process) -> None:
    before = guarded.memory()
    connection = guarded.connect()
    flood = threading.Thread(target=_send_what_is_taken, args=(connection, _GET_AGAIN))
    flood.start()
    until = time.monotonic() + 2
    answers = 0
    while time.monotonic() < until:
        answers += connection.recv(1_000_000).count(b"HTTP/1.1 200")
    peak = guarded.memory()
    connection.shutdown(socket.SHUT_RDWR)
    flood.join()
    assert answers > 1_000
    assert peak - before < 60_000_000


def test_what_was_answered_early_is_not_answered_again(guarded: Process) -> None:
    connection = guarded.connect()
    connection.sendall(b"POST /early HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\nabc")
    answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 413")
    assert answer.count(b"HTTP/1.1") == 1


def test_a_body_that_waited_for_100_continue_is_not_waited_for(guarded: Process) -> None:
    connection = guarded.connect()
    start = time.monotonic()
    connection.sendall(b"POST /early HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n")
    connection.sendall(b"content-length: 100\r\n\r\n")
    assert read_all(connection).startswith(b"HTTP/1.1 413")
    assert time.monotonic() - start < GRACE_SECONDS * 0.9


@pytest.mark.parametrize("rest", [b"connection: close\r\n", b"connection: keep-alive\r\n"])
def test_each_refused_upload_can_read_why(guarded: Process, rest: bytes) -> None:
    connection = guarded.connect()
    for _ in range(1 if b"close" in rest else 3):
        connection.sendall(b"POST /early HTTP/1.1\r\nhost: a\r\ncontent-length: 101000000\r\n")
        connection.sendall(rest + b"\r\n")
        for _ in range(101):
            connection.sendall(bytes(1_000_000))
        assert connection.recv(1_000).startswith(b"HTTP/1.1 413")


def test_idle_connections_are_closed_whatever_came_before(guarded: Process) -> None:
    """A stray line end, or the rest of a body after its answer, cancels uvicorn's own timer."""
    stray, late = guarded.connect(), guarded.connect()
    stray.sendall(_GET + b"\r\n")
    late.sendall(b"POST /early HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\nabc")
    assert stray.recv(1_000).startswith(b"HTTP/1.1 200")
    assert late.recv(1_000).startswith(b"HTTP/1.1 413")
    stray.sendall(b"\r\n")
    late.sendall(b"def")
    start = time.monotonic()
    for connection in (stray, late):
        assert len(read_all(connection)) <= 1
    assert time.monotonic() - start < IDLE_SECONDS + _SLACK


def test_what_was_executed_is_answered_before_malformed_data(guarded: Process) -> None:
    connection = guarded.connect()
    connection.sendall((_HEAD + b"content-length: 3\r\n\r\nabc") * 2 + b"\x00garbage\r\n\r\n")
    answers = read_all(connection)
    assert answers.count(b"HTTP/1.1 200") == 2
    assert b"HTTP/1.1 400" not in answers
