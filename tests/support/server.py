"""A real server process for tests."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import httpx2

ACCOUNT = "0123456789abcdef0123456789abcdef"
TOKEN = "test-token"
_READY = re.compile(r"listening on (http://[^\s]+)")


class Server:
    """`vecinity serve` in a process of its own, on a free loopback port.

    Args:
        data: the data directory.
        flags: further flags of `vecinity serve`.
        command: what starts the server, for tests that wrap or alter it; by default `usual`.

    Attributes:
        usual: what starts servers of which nothing is said.
    """

    usual: ClassVar[tuple[str, ...]] = (sys.executable, "-m", "vecinity")

    def __init__(
        self,
        data: Path,
        *flags: str,
        command: tuple[str, ...] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.data = data
        self._log = tempfile.NamedTemporaryFile("w+b", suffix=".log", delete=False)  # noqa: SIM115
        self.log_path = Path(self._log.name)
        arguments = [*(command or self.usual), "serve", "--port", "0", "--data", str(data), *flags]
        self.process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
        self.url = self._wait_ready()

    @property
    def api(self) -> str:
        """The base URL that Cloudflare's clients take."""
        return f"{self.url}/client/v4"

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def log(self) -> str:
        """All that the server printed so far."""
        return self.log_path.read_text(errors="replace")

    def client(
        self, token: str | None = TOKEN, *, api: str = "vectorize/v2", **options: Any
    ) -> httpx2.Client:
        """An HTTP client for the REST routes of `ACCOUNT`: paths such as `/indexes` below `api`."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        base = f"{self.api}/accounts/{ACCOUNT}/{api}"
        return httpx2.Client(base_url=base, headers=headers, timeout=60, **options)

    def kill(self) -> None:
        """kill -9."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._log.close()

    def stop(self, timeout: float = 20) -> int:
        """Ask it to end, as a service manager does; returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        finally:
            self.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.stop()

    def _wait_ready(self, timeout: float = 60) -> str:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if found := _READY.search(self.log()):
                return found[1]
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        log = self.log()
        self.kill()
        raise RuntimeError(f"the server did not start:\n{log}")
