"""The demo's server: `vecinity serve` in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from vecinity.cli.command import Failure

_READY = re.compile(r"listening on (http://\S+)")
_START_SECONDS = 60
_STOP_SECONDS = 20


class RunningServer:
    """A server process and all that it says; `url` is where it listens, once it does."""

    def __init__(self, port: int, data: os.PathLike[str]) -> None:
        command = [sys.executable, "-m", "vecinity", "serve"]
        command += ["--host", "127.0.0.1", "--port", str(port), "--data", os.fspath(data)]
        env = {name: text for name, text in os.environ.items() if not name.startswith("VECINITY_")}
        self.url = ""
        self._said: list[str] = []
        self._settled = threading.Event()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=env,
            text=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def wait_ready(self) -> None:
        """Return when it listens. Raises Failure, with what it said, if it does not."""
        self._settled.wait(_START_SECONDS)
        if not self.url:
            said = "".join(self._said).strip().removeprefix("Error: ")
            raise Failure(
                f"The server did not start: {said}\n"
                "Try another port with --port N (0 is any free one), "
                "or another directory with --data DIR."
            )

    def wait(self) -> None:
        """Return when somebody told it to end. Raises Failure if it failed.

        Ctrl-C in a terminal reaches the server too, whose end may be seen before the signal is.
        """
        if self._process.wait() != 0:
            raise Failure(f"the server ended:\n{''.join(self._said)}")

    def stop(self) -> None:
        """Ask it to end, and make sure."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._said.append(line)
                if found := _READY.search(line):
                    self.url = found[1]
                    self._settled.set()
        self._settled.set()


@contextmanager
def running_server(port: int, data: os.PathLike[str]) -> Iterator[RunningServer]:
    """A server on loopback that takes any token; it ends with the context.

    Raises:
        Failure: it did not start, with what it said.
    """
    server = RunningServer(port, data)
    try:
        server.wait_ready()
        yield server
    finally:
        server.stop()
