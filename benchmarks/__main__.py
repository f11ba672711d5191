"""`make bench ARGS="--data FOLDER [PART ...]"`: run benchmarks, write their tables to docs."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

PARTS = ("rest",)
_DOCS = Path(__file__).parent.parent / "docs" / "benchmarks"
_VERSIONS = ("numpy", "faiss-cpu", "msgspec", "orjson", "starlette", "uvicorn")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--data", type=Path, required=True, help="folder of debian-wordnet-384")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each measurement")
    options = parser.parse_args()
    for part in options.parts or PARTS:
        if part not in PARTS:
            parser.error(f"no part {part!r}")
        lines = importlib.import_module(f"benchmarks.{part}").run(options.data, options.rounds)
        page = "\n".join([*lines, "", *_circumstances(part)]) + "\n"
        _DOCS.mkdir(parents=True, exist_ok=True)
        (_DOCS / f"{part}.md").write_text(page)
        print(page)


def _circumstances(part: str) -> list[str]:
    libraries = ", ".join(f"{name} {version(name)}" for name in _VERSIONS)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return [
        f'Made by `make bench ARGS="{part} --data FOLDER"` on {datetime.now(UTC):%Y-%m-%d}: '
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"{libraries}; load average afterwards {load}.",
    ]


if __name__ == "__main__":
    main()
