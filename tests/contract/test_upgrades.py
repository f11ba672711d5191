"""Requests that ask for another protocol are answered as the plain requests that they also are."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from tests.contract.process import Process, read_all

_HEAD = b"POST / HTTP/1.1\r\nhost: a\r\n"
_GET = b"GET / HTTP/1.1\r\nhost: a\r\n"
_LAST = _GET + b"connection: close\r\n\r\n"
_UPGRADE = b"connection: upgrade\r\nupgrade: h2c\r\n"
_CHUNKED = b"transfer-encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def guarded() -> Iterator[Process]:
    process = Process("guarded")
    yield process
    process.hang_up()
    process.stop()


def test_a_websocket(guarded: Process) -> None:
    connection = guarded.connect()
    upgrade = b"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: eA==\r\n\r\n"
    connection.sendall(_GET + upgrade)
    assert connection.recv(1_000).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("framing", "body", "size"),
    [
        (b"content-length: 3\r\n\r\n", b"zzz", b"3"),
        (_CHUNKED, b"2\r\nzz\r\n3\r\nzzz\r\n0\r\n\r\n", b"5"),
        (b"content-length: %d\r\n\r\n" % len(_GET), _GET, b"%d" % len(_GET)),
        (b"\r\n", b"", b"0"),
    ],
)
@pytest.mark.parametrize("apart", [False, True])
def test_an_upgrade_does_not_hide_a_body(
    guarded: Process, framing: bytes, body: bytes, size: bytes, apart: bool
) -> None:
    """Java's client asks for HTTP/2 so; and a body must never be taken for the next request."""
    connection = guarded.connect()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    request = [_HEAD + _UPGRADE + framing, body]
    for part in [*request, *request, _LAST] if apart else [b"".join([*request, *request, _LAST])]:
        connection.sendall(part)
        if apart:
            time.sleep(0.02)  # or the kernel may join them
    answers = read_all(connection).split(b"HTTP/1.1 ")[1:]
    assert [answer.partition(b"\r\n\r\n")[2] for answer in answers] == [size, size, b"0"]
    assert all(answer.startswith(b"200") for answer in answers)


def test_many_upgrades_at_once(guarded: Process) -> None:
    connection = guarded.connect()
    connection.sendall((_GET + _UPGRADE + b"\r\n") * 3_000 + _LAST)
    assert read_all(connection).count(b"HTTP/1.1 200") == 3_001
