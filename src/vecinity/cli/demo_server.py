"""The demo's server: `vecinity serve` in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from vecinity.cli.command import Failure

_READY = re.compile(r"listening on (http://\S+)")
_START_SECONDS = 60
_STOP_SECONDS = 20


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that listens at `url`."""

    url: str
    process: subprocess.Popen[bytes]
    log: IO[bytes]

    def wait(self) -> None:
        """Return never, unless the server ends of itself: then raise Failure."""
        self.process.wait()
        raise Failure(f"the server ended:\n{_text(self.log)}")


@contextmanager
def running_server(port: int, data: Path) -> Iterator[RunningServer]:
    """A server on loopback that takes any token; it ends with the context.

    Raises:
        Failure: it did not start, with what it said.
    """
    command = [sys.executable, "-m", "vecinity", "serve"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--data", str(data)]
    env = {name: value for name, value in os.environ.items() if not name.startswith("VECINITY_")}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=env
        )
        try:
            yield RunningServer(_ready_url(process, log), process, log)
        finally:
            _stop(process)


def _ready_url(process: subprocess.Popen[bytes], log: IO[bytes]) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        ended = process.poll() is not None
        if found := _READY.search(_text(log)):
            return found[1]
        if ended:
            break
        time.sleep(0.02)
    said = _text(log).strip().removeprefix("Error: ")
    raise Failure(
        f"The server did not start: {said}\n"
        "Try another port with --port N (0 is any free one), or another directory with --data DIR."
    )


def _text(log: IO[bytes]) -> str:
    # pread: the child writes through the same open file, whose position must stay at the end
    return os.pread(log.fileno(), 100_000, 0).decode(errors="replace")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
