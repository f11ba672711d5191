"""Has derived files built by another process, so that readers and writers never wait for one."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from pathlib import Path

from vecinity.local.blocks import Job

# With threads that spin long while they wait, a build would slow down everything beside it; with
# none that spins, training takes twice as long.
_COMMAND = (
    "env",
    "OMP_WAIT_POLICY=PASSIVE",
    "GOMP_SPINCOUNT=2000",
    sys.executable,
    "-m",
    "vecinity.local.build_process",
)


class BuildFailed(Exception):
    """The file was not built; the rows are still found, more slowly."""


class Builder:
    """One building process, started when it is needed. `build` is for one thread, the rest for any.

    Args:
        command: what to start; for tests.
    """

    def __init__(self, command: tuple[str, ...] = _COMMAND) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Have the process ready for the next `build`. Raises BuildFailed."""
        try:
            self._running()
        except OSError as error:
            raise BuildFailed(str(error)) from error

    def build(self, folder: Path, job: Job) -> Path | None:
        """The new file; None if there was no row for it.

        Raises:
            BuildFailed: it was impossible, or `stop` was called meanwhile.
        """
        request = json.dumps({"folder": str(folder), "job": job.to_json()})
        try:
            process = self._running()
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{request}\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except (OSError, ValueError) as error:
            self.stop()
            raise BuildFailed(str(error)) from error
        if not answer:
            self.stop()
            raise BuildFailed("the building process ended")
        found = json.loads(answer)
        if "error" in found:
            raise BuildFailed(found["error"])
        return None if found["path"] is None else Path(found["path"])

    def stop(self) -> None:
        """End the process, and with it what it is building. The next `build` starts another."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            _end(process)

    def _running(self) -> subprocess.Popen[str]:
        with self._lock:
            if self._process is not None and self._process.poll() is not None:
                _end(self._process)
                self._process = None
            if self._process is None:
                self._process = subprocess.Popen(
                    self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            return self._process


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
