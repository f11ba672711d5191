"""Installs real clients from lock files into a cache folder outside the tree, each once.

The folder is VECINITY_CACHE, else ~/.cache/vecinity. An installation is made beside its place and
renamed into it, so a half-finished one is never used and two test runs do not disturb each other.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

_HERE = Path(__file__).parent
_SECONDS = 600


class NotInstallable(Exception):
    """The client can't be had here; says why."""


def python_client(name: str) -> Path:
    """The interpreter of an environment with the packages of `python/NAME.txt`."""
    requirements = _HERE / "python" / f"{name}.txt"

    def install(folder: Path) -> None:
        _run([sys.executable, "-m", "venv", str(folder)])
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        _run([*pip, "--disable-pip-version-check", "--require-hashes", "-r", str(requirements)])

    return _installed(name, requirements.read_bytes(), install) / "bin" / "python"


def npm_client(name: str) -> Path:
    """A folder whose `node_modules` hold what `npm/NAME/package-lock.json` says."""
    if not shutil.which("npm"):
        raise NotInstallable("npm is not installed")
    source = _HERE / "npm" / name

    def install(folder: Path) -> None:
        folder.mkdir()
        for file in ("package.json", "package-lock.json"):
            shutil.copy(source / file, folder)
        _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], folder)

    return _installed(name, (source / "package-lock.json").read_bytes(), install)


def _installed(name: str, lock: bytes, install: Callable[[Path], None]) -> Path:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    key = hashlib.sha256(lock).hexdigest()[:12]
    place = _cache() / f"{name}-py{version}-{key}"
    if place.is_dir():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as beside:
        made = Path(beside) / "made"
        install(made)
        try:
            made.rename(place)
        except OSError:
            if not place.is_dir():  # else another test run was faster
                raise
    return place


def _cache() -> Path:
    given = os.environ.get("VECINITY_CACHE")
    return Path(given) if given else Path.home() / ".cache" / "vecinity"


def _run(command: list[str], folder: Path | None = None) -> None:
    ran = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    if ran.returncode:
        raise NotInstallable(f"{' '.join(command[:4])} ...: {(ran.stderr or ran.stdout)[-400:]}")
