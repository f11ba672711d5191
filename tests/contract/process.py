"""A process with the guard or without it, and raw connections to it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from pathlib import Path


class Process:
    """A server with the guard, or with uvicorn's stock protocol."""

    def __init__(self, protocol: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.guarded", protocol],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.connections: list[socket.socket] = []
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def connect(self, timeout: float = 10.0) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port))
        connection.settimeout(timeout)
        self.connections.append(connection)
        return connection

    def hang_up(self) -> None:
        """Close every connection that is still open."""
        for connection in self.connections:
            connection.close()
        self.connections.clear()

    def memory(self) -> int:
        """Resident bytes; 0 where the system does not tell."""
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.exists():
            return 0
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmRSS")]
        return int(line.split()[1]) * 1024

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()


def read_all(connection: socket.socket) -> bytes:
    """What arrives until the other side ends it."""
    received = bytearray()
    with contextlib.suppress(ConnectionError):
        while data := connection.recv(1_000_000):
            received += data
    return bytes(received)
