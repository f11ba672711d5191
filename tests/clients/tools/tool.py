"""Tools that bring a wrangler, or stand beside one: their projects and their programs."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.clients.workers.program import Program
from tests.clients.workers.release import Release

_FOLDER = Path(__file__).parent
_SECONDS = 120


def copy(name: str, folder: Path) -> None:
    """Copy a file of this folder, or what is in a folder of it, into a project."""
    source = _FOLDER / name
    for path in [source] if source.is_file() else source.iterdir():
        shutil.copy(path, folder)


def link(modules: Path, folder: Path) -> None:
    """Let the project in `folder` find its packages."""
    (folder / "node_modules").symlink_to(modules)


def environment(release: Release, folder: Path, **more: str) -> dict[str, str]:
    """All that a program in `folder` is told: plain text, and no look at the network."""
    plain = {"NO_COLOR": "1", "CLOUDFLARE_CF_FETCH_ENABLED": "false"}
    return {**release.environment(folder), **plain, **more}


def run(
    release: Release, folder: Path, program: str, *arguments: str, fails: bool = False, **more: str
) -> str:
    """Run a program of the release's packages in `folder`; returns what it printed.

    Args:
        program: its path in node_modules.
        fails: its status must be 1 or 2, else 0.
        more: variables of its environment.
    """
    ran = subprocess.run(
        [str(release.node), str(release.modules / program), *arguments],
        cwd=folder,
        env=environment(release, folder, **more),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
    )
    said = ran.stdout + ran.stderr
    assert ran.returncode in ((1, 2) if fails else (0,)), said
    return said


def serve(
    release: Release,
    folder: Path,
    program: str,
    *arguments: str,
    ready: str,
    **more: str,
) -> Program:
    """Start a program of the release's packages in `folder`, until it serves HTTP."""
    command = [str(release.node), str(release.modules / program), *arguments]
    told: Mapping[str, str] = environment(release, folder, **more)
    return Program(command, ready, folder, told)
