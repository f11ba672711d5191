"""What reads vectors gives the same answers when everything is in tiny blocks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).parent
_FILES = [
    f"test_{name}.py"
    for name in ("queries", "query_options", "filters", "ids", "list", "writes", "visibility")
]


def test_the_contract_holds_over_tiny_blocks() -> None:
    files = [str(_HERE / name) for name in _FILES]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--tiny-blocks", *files],
        cwd=_HERE.parent.parent,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout
