"""Pages of numbers: a JSON file with all that was measured, and Markdown made from it alone."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

_VERSIONS = ("vecinity", "numpy", "faiss-cpu", "msgspec", "orjson", "starlette", "uvicorn")


def begin(part: str, command: str) -> dict[str, Any]:
    """Where and when a part runs."""
    return {
        "part": part,
        "command": command,
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": _commit(),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _VERSIONS},
        "load_before": [round(value, 2) for value in os.getloadavg()],
    }


def save(folder: Path, numbers: dict[str, Any]) -> None:
    """Write the numbers of a part."""
    numbers["circumstances"]["load_after"] = [round(value, 2) for value in os.getloadavg()]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{numbers['circumstances']['part']}.json"
    path.write_text(json.dumps(numbers, indent=1) + "\n")


def circumstances(where: dict[str, Any]) -> str:
    """The line that ends every page."""
    libraries = ", ".join(f"{name} {number}" for name, number in where["versions"].items())
    return (
        f"Made by `{where['command']}` on {where['date']} from commit {where['commit']}: "
        f"{where['cores']} cores of {where['processor']}, {gigabytes(where['memory_bytes'])} of "
        f"memory, Python {where['python']}, {libraries}; load average before "
        f"{_loads(where['load_before'])} and after {_loads(where['load_after'])}. "
        f"All numbers: [{where['part']}.json]({where['part']}.json)."
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Markdown lines."""
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def setting(given: dict[str, Any]) -> str:
    """A search setting in words."""
    return ", ".join(f"{name} {value}" for name, value in given.items()) or "default"


def milliseconds(value: float | None) -> str:
    """`not reached` for None."""
    if value is None:
        return "not reached"
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:,.0f}"


def megabytes(size: float) -> str:
    return f"{size / 1e6:,.0f} MB" if size >= 1e7 else f"{size / 1e6:.1f} MB"


def gigabytes(size: float) -> str:
    return f"{size / 1e9:,.1f} GB"


def seconds(value: float) -> str:
    return f"{value:,.0f} s" if value >= 100 else f"{value:.3g} s"


def _loads(values: Sequence[float]) -> str:
    return "/".join(f"{value:.1f}" for value in values)


def _commit() -> str:
    folder = Path(__file__).parent
    command = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _processor() -> str:
    found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()
