"""Installs real clients from lock files into a cache folder outside the tree, each once.

The folder is `clients` in VECINITY_CACHE, else in ~/.cache/vecinity. A client's folder is named
after its lock file's hash, so a changed lock is installed anew.

Locks name no addresses. They are made by `npm install --package-lock-only --ignore-scripts
--omit-lockfile-registry-resolved`, less their fields `funding`, and by `uv pip compile` with the
options of `make lock`.
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

LOCKS = Path(__file__).parent
_SECONDS = 600


class NotInstallable(Exception):
    """The client can't be had here; says why."""


def python_client(name: str) -> Path:
    """The interpreter of an environment with the packages of `python/NAME.txt`."""
    lock = LOCKS / "python" / f"{name}.txt"

    def make(folder: Path) -> None:
        run([sys.executable, "-m", "venv", str(folder)])
        pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        # Sources would run build tools that no hash covers.
        run([*pip, "install", "-qq", "--only-binary=:all:", "--require-hashes", "-r", str(lock)])

    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return once(_place(f"{name}-py{version}", lock), make) / "bin" / "python"


def node_22() -> Path:
    """The program `node` of version 22, for clients that need it."""
    found = sorted(npm_client("node-22").glob("node-*/bin/node"))
    if not found:
        raise NotInstallable("Node 22 has no package for this platform")
    return found[0]


def npm_client(name: str, node: Path | None = None) -> Path:
    """The folder `node_modules` with the packages of `npm/NAME/package-lock.json`.

    Args:
        node: the program that its packages need, if not this machine's.
    """
    if missing := [program for program in ("node", "npm") if not shutil.which(program)]:
        raise NotInstallable(f"not on this machine: {' and '.join(missing)}")
    source = LOCKS / "npm" / name

    def make(folder: Path) -> None:
        shutil.copytree(source, folder)
        options = ["--ignore-scripts", "--engine-strict", "--no-audit", "--no-fund"]
        patience = "--fetch-retry-maxtimeout=10000"  # without a network it ends soon enough
        run(["npm", "ci", "--loglevel=error", patience, *options], folder, node)

    return once(_place(name, source / "package-lock.json"), make) / "node_modules"


def once(place: Path, make: Callable[[Path], None]) -> Path:
    """`place`, which `make` filled: now, before, or in another process at the same time.

    It is made beside its place and renamed into it, so that a half-made one is never there.
    """
    if place.is_dir():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix="making-") as beside:
        made = Path(beside) / place.name
        make(made)
        try:
            made.rename(place)
        except OSError:
            if not place.is_dir():  # else another process was faster
                raise
    return place


def _place(name: str, lock: Path) -> Path:
    cache = Path(os.environ.get("VECINITY_CACHE") or Path.home() / ".cache" / "vecinity")
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    return cache / "clients" / f"{name}-{digest[:12]}"


def run(command: list[str], folder: Path | None = None, node: Path | None = None) -> None:
    """Run an installing command; `node` comes first in its PATH.

    Raises:
        NotInstallable
    """
    path = os.pathsep.join([*([str(node.parent)] if node else []), os.environ["PATH"]])
    try:
        ran = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise NotInstallable(str(error)) from error
    if ran.returncode:
        said = " ".join((ran.stderr or ran.stdout).split())
        raise NotInstallable(f"{Path(command[0]).name} {' '.join(command[1:3])}: {said[:300]}")
