"""A version of wrangler, with the miniflare and workerd that it brings."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clients.workers.program import Program

_FOLDER = Path(__file__).parent
_READY = r"Ready on http://127\.0\.0\.1:(\d+)"
_SECONDS = 120


@dataclass(frozen=True)
class Release:
    """Runs its programs.

    Attributes:
        node: the program that it needs.
        modules: the folder node_modules with its packages.
    """

    version: str
    node: Path
    modules: Path

    @property
    def slug(self) -> str:
        """Its version as a part of an index's name."""
        return self.version.replace(".", "-")

    def environment(self, folder: Path) -> dict[str, str]:
        """All that its programs are told: nothing of a user's settings is read."""
        return {
            "PATH": os.pathsep.join([str(self.node.parent), os.environ["PATH"]]),
            "HOME": str(folder),
            "CI": "1",
            "WRANGLER_SEND_METRICS": "false",
            "WRANGLER_HIDE_BANNER": "true",
        }

    def script(self, name: str, *arguments: str, folder: Path) -> Any:
        """Run a script of this folder in `folder`; returns the JSON value on its last line."""
        command = [str(self.node), str(_FOLDER / name), str(self.modules), *arguments]
        ran = subprocess.run(
            command,
            cwd=folder,
            env=self.environment(folder),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return json.loads(ran.stdout.splitlines()[-1])

    def dev(self, folder: Path, environment: str | None = "development", **told: str) -> Program:
        """`wrangler dev` on the project in `folder`.

        Args:
            environment: of its configuration.
            told: more variables.
        """
        program = self.modules / "wrangler" / "bin" / "wrangler.js"
        address = ["--ip", "127.0.0.1", "--port", "0", "--inspector-port", "0"]
        command = [str(self.node), str(program), "dev", *address]
        if environment:
            command += ["--env", environment]
        return Program(command, _READY, folder, {**self.environment(folder), **told})
