"""The harness's side of a peer's process."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.options import Options
from benchmarks.peers.worker import memory
from benchmarks.roster import Peer

_ROOT = Path(__file__).parent.parent


_PEAK_SECONDS = 0.2


class PeerError(Exception):
    """A command failed; its text is the traceback, or how the process ended."""


@dataclass(slots=True)
class Peak:
    """The most bytes that were held at once."""

    held: int = 0


class Process:
    """A peer's process, started; ended by `close` or as a context manager."""

    def __init__(self, peer: Peer, options: Options) -> None:
        module, *arguments = peer.module
        self.peer = peer
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            [peer.interpreter(options), "-m", f"benchmarks.peers.{module}", *arguments],
            cwd=_ROOT,
            env={**os.environ, **peer.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def call(self, command: str, **arguments: Any) -> Any:
        """The result of a command.

        Raises:
            PeerError: it failed in the process, or the process ended.
        """
        sent = {key: str(v) if isinstance(v, Path) else v for key, v in arguments.items()}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = ""
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps({"call": command, "with": sent}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line:
            raise PeerError(f"its process ended with {self._process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise PeerError(answer["error"])
        return answer["result"]

    @contextmanager
    def peak(self) -> Iterator[Peak]:
        """Watches the memory of the process and its children meanwhile, from outside."""
        peak, stop = Peak(), threading.Event()

        def watch() -> None:
            while not stop.wait(_PEAK_SECONDS):
                peak.held = max(peak.held, memory(self._process.pid)["held"])

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield peak
        finally:
            stop.set()
            watcher.join()

    def close(self) -> None:
        """End it and wait for that."""
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def disk(folder: Path) -> int:
    """Bytes that the files of a folder occupy."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return sum(path.stat().st_blocks * 512 for path in files)


def forget_pages(folder: Path) -> None:
    """Let the system drop the pages of a folder's files, so that the next reader goes to disk."""
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
