"""What the crash tests need of the machine; in CI nothing of it may be missing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

_FILLER = 400_000


def _missing(what: str, in_ci: bool) -> None:
    if in_ci:
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture
def strace(in_ci: bool) -> str:
    """Where strace is."""
    found = shutil.which("strace")
    if found is None:
        _missing("strace is not installed", in_ci)
    return str(found)


@pytest.fixture
def small_disk(tmp_path: Path, in_ci: bool) -> Iterator[Path]:
    """A file system of 3 MB, part of it taken by the file `filler`."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        _missing("only root can mount a small file system", in_ci)
    try:
        (folder / "filler").write_bytes(bytes(_FILLER))
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
