"""Environments of the peers: one each under the cache, never among our own dependencies."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

from benchmarks.progress import step

_VERSIONS = """
import importlib.metadata, sys
for name in sys.argv[1:]:
    print(importlib.metadata.version(name))
"""


class Unavailable(Exception):
    """A package can't be installed here; its text says why."""


@cache
def python(folder: Path, packages: tuple[str, ...]) -> str:
    """The interpreter of an environment that has `packages`, made if missing.

    Raises:
        Unavailable: pip failed.
    """
    interpreter = folder / "bin" / "python"
    done = folder / ".complete"
    if not done.exists():
        with step(f"installing {', '.join(packages)}"):
            _run([sys.executable, "-m", "venv", "--clear", str(folder)])
            pip = [str(interpreter), "-m", "pip", "install", "--disable-pip-version-check", "-q"]
            _run([*pip, *packages])
        done.touch()
    return str(interpreter)


def versions(interpreter: str, packages: tuple[str, ...]) -> dict[str, str]:
    """What is installed there."""
    result = _run([interpreter, "-c", _VERSIONS, *packages])
    return dict(zip(packages, result.split(), strict=True))


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines() or [str(error)]
        errors = [line for line in lines if line.strip().lower().startswith("error")]
        raise Unavailable((errors or lines)[-1].strip()) from error
    except OSError as error:
        raise Unavailable(str(error)) from error
    return done.stdout
