"""Runs clients as processes against a server."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.support.server import ACCOUNT, TOKEN, Server

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
"""What a mutation id looks like."""

_SCRIPTS = Path(__file__).parent / "scripts"
_SECONDS = 120
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def environment(server: Server) -> dict[str, str]:
    """All that a client is told: nothing of Cloudflare's own is reached, nor a user's settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "CLOUDFLARE_API_BASE_URL": server.api,
        "CLOUDFLARE_BASE_URL": server.api,
        "CLOUDFLARE_API_TOKEN": TOKEN,
        "CLOUDFLARE_ACCOUNT_ID": ACCOUNT,
    }


def run_script(server: Server, interpreter: str | Path, script: str, *arguments: str) -> Any:
    """Run a script of `scripts/`; returns the one JSON value that it prints."""
    ran = subprocess.run(
        [str(interpreter), str(_SCRIPTS / script), *arguments],
        env=environment(server),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def is_mutation(answer: object) -> bool:
    """Whether `answer` is what a write answers, and no more."""
    return (
        isinstance(answer, dict)
        and list(answer) == ["mutationId"]
        and bool(re.fullmatch(UUID, answer["mutationId"]))
    )


class Wrangler:
    """Runs `wrangler vectorize ...` in a folder of its own, which is its home as well.

    Args:
        modules: the folder node_modules with it.
        node: the program that it needs.
    """

    def __init__(
        self, modules: Path, server: Server, folder: Path, node: str | Path = "node"
    ) -> None:
        package = modules / "wrangler"
        self.version: str = json.loads((package / "package.json").read_text())["version"]
        self._command = [str(node), str(package / "bin" / "wrangler.js"), "vectorize"]
        self._environment = {
            **environment(server),
            "HOME": str(folder),
            "CI": "1",  # never asks
            "WRANGLER_SEND_METRICS": "false",
            "WRANGLER_HIDE_BANNER": "true",  # nor looks for a newer version
        }
        self.folder = folder

    def __call__(self, *arguments: str, fails: bool = False) -> str:
        """What it printed, without colours; its status must be 0, or 1 if it `fails`."""
        ran = subprocess.run(
            [*self._command, *arguments],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
        said = _COLOUR.sub("", ran.stdout + ran.stderr)
        assert ran.returncode == (1 if fails else 0), said
        return said

    def json(self, *arguments: str) -> Any:
        """The JSON that it printed, after a line that says what it does."""
        said = self(*arguments)
        found = re.search(r"^[\[{]", said, re.MULTILINE)
        assert found, said
        return json.loads(said[found.start() :])
