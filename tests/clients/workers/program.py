"""Programs that serve a Worker: started, waited for, asked, ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

_READY_SECONDS = 60
_ANSWER_SECONDS = 60
_END_SECONDS = 10


class Program:
    """A process of its own that serves HTTP once it has printed what `ready` matches.

    Args:
        command: the program and its arguments.
        ready: a pattern whose one group is the port on 127.0.0.1.
        folder: where it runs; its output goes to a file there.
        environment: all that it is told.
    """

    def __init__(
        self, command: Sequence[str], ready: str, folder: Path, environment: Mapping[str, str]
    ) -> None:
        self._path = folder / "output.log"
        with self._path.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.url = f"http://127.0.0.1:{self._wait(ready)}"

    def output(self) -> str:
        """All that it has printed so far."""
        return self._path.read_text(errors="replace")

    def answer(self) -> Any:
        """The JSON with which its Worker answers."""
        response = httpx2.get(self.url, timeout=_ANSWER_SECONDS)
        assert response.status_code == 200, f"{response.text}\n{self.output()}"
        return response.json()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """End it, and what it started."""
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return

    def _wait(self, ready: str) -> int:
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if found := re.search(ready, self.output()):
                return int(found[1])
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        self.__exit__(None, None, None)
        raise RuntimeError(f"it did not start:\n{self.output()}")
