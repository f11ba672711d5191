"""A process with uvicorn, one protocol class and a small application, for tests of the guard.

`python -m tests.support.guarded guarded|stock` prints its port.
"""

from __future__ import annotations

import socket
import sys

import uvicorn
from starlette.types import Receive, Scope, Send

from vecinity.server.protocol import GuardedProtocol

HEADER_SECONDS = 1.0
GRACE_SECONDS = 1.0
BYTES_PER_SECOND = 10_000.0
WRITE_SECONDS = 1.5
IDLE_SECONDS = 2
BIG_BYTES = 30_000_000


class Impatient(GuardedProtocol):
    """The guard with limits that a test can wait for."""

    header_seconds = HEADER_SECONDS
    body_grace_seconds = GRACE_SECONDS
    body_bytes_per_second = BYTES_PER_SECOND
    write_seconds = WRITE_SECONDS
    linger_seconds = 0.5
    sweep_seconds = 0.1


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers the size of the body; /early answers 413 unread, /big answers `BIG_BYTES` bytes."""
    size = 0
    more = scope["path"] != "/early"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = bytes(BIG_BYTES) if scope["path"] == "/big" else str(size).encode()
    status = 413 if scope["path"] == "/early" else 200
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main(protocol: str) -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()  # whoever reads the port may connect at once
    config = uvicorn.Config(
        application,
        http=Impatient if protocol == "guarded" else "httptools",
        ws="none",
        lifespan="off",
        log_level="critical",
        timeout_keep_alive=IDLE_SECONDS,
    )
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1])
