"""Fixtures: installed clients, or a skip with the reason (a failure in CI)."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.clients.install import NotInstallable, npm_client, python_client
from tests.support.server import ACCOUNT, TOKEN, Server

Script = Callable[..., Any]
_SCRIPTS = Path(__file__).parent / "scripts"


def installed(install: Callable[[str], Path], name: str, *, in_ci: bool) -> Path:
    """What `install` gives, else the test is skipped; in CI it fails."""
    try:
        return install(name)
    except (NotInstallable, OSError, subprocess.TimeoutExpired) as error:
        if in_ci:
            raise
        pytest.skip(f"{name} can't be installed here: {error}")


@pytest.fixture(scope="session")
def environment(server: Server) -> dict[str, str]:
    """Where the clients find the server; nothing of Cloudflare's own is reached."""
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "CLOUDFLARE_API_BASE_URL": server.api,
        "CLOUDFLARE_BASE_URL": server.api,
        "CLOUDFLARE_API_TOKEN": TOKEN,
        "CLOUDFLARE_ACCOUNT_ID": ACCOUNT,
        "WRANGLER_SEND_METRICS": "false",
        "CI": "1",
    }


@pytest.fixture(scope="session")
def run_python(environment: dict[str, str], in_ci: bool) -> Script:
    """Run a script of `scripts/` with a Python client; it prints one JSON value."""

    def run(client: str, script: str, *arguments: str) -> Any:
        interpreter = installed(python_client, client, in_ci=in_ci)
        return _json([str(interpreter), str(_SCRIPTS / script), *arguments], environment)

    return run


@pytest.fixture(scope="session")
def run_node(environment: dict[str, str], in_ci: bool) -> Script:
    """Run a script of `scripts/` with an npm client; it prints one JSON value."""

    def run(client: str, script: str, *arguments: str) -> Any:
        folder = installed(npm_client, client, in_ci=in_ci)
        modules = (folder / "node_modules").as_uri()
        command = ["node", str(_SCRIPTS / script), modules, *arguments]
        return _json(command, environment)

    return run


def _json(command: list[str], environment: dict[str, str]) -> Any:
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
