"""`remote: true` in stock `wrangler dev`, which is not changed: the server is the remote end."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.clients.workers import namespace
from tests.clients.workers.check import check
from tests.clients.workers.release import Release

_ROOT = Path(__file__).parents[2]
_SECONDS = 180


def test_remote_bindings(release: Release, in_ci: bool, tmp_path: Path) -> None:
    command = namespace.command(release, tmp_path)
    if command is None:
        assert not in_ci
        pytest.skip("no namespaces can be made here, and port 443 is not the test's to take")
    ran = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=_SECONDS)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    check(json.loads(ran.stdout))
