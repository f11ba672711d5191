"""Importing the library, and opening a directory, loads no web framework and no client."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_HEAVY = ("starlette", "uvicorn", "click", "rich", "httpx2", "anyio", "httptools")

_REPORT = """
import json, sys, time
before = time.perf_counter()
{code}
seconds = time.perf_counter() - before
print(json.dumps({{"seconds": seconds, "modules": sorted(sys.modules)}}))
"""


def _run(code: str, *arguments: str) -> dict[str, Any]:
    """Run `code` in a new process; returns its seconds and the modules it left loaded."""
    # -W ignore: faiss's bindings warn on import, depending on the version of Python
    command = [sys.executable, "-W", "ignore", "-c", _REPORT.format(code=code), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _heavy(modules: list[str]) -> set[str]:
    return {module.split(".")[0] for module in modules} & set(_HEAVY)


def test_import() -> None:
    report = _run("import vecinity")
    sys.stdout.write(f"import vecinity: {1e3 * report['seconds']:.0f} ms\n")
    assert "vecinity.database" in report["modules"]
    assert _heavy(report["modules"]) == set()
    assert "vecinity.local.engine" not in report["modules"]


def test_open(tmp_path: Path) -> None:
    report = _run("import vecinity\nvecinity.open(sys.argv[1]).close()", str(tmp_path / "data"))
    sys.stdout.write(f"import and open: {1e3 * report['seconds']:.0f} ms\n")
    assert "vecinity.local.engine" in report["modules"]
    assert _heavy(report["modules"]) == set()


@pytest.mark.parametrize("name", _HEAVY)
def test_each_of_them_would_be_seen(name: str) -> None:
    assert name in _heavy(_run(f"import {name}")["modules"])
