"""docs/workers.md, "From an empty folder": its commands, word for word, as a new user."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

_GUIDE = Path(__file__).parent.parent.parent / "docs" / "workers.md"
_WORKER = "http://localhost:8787"
_AS_OF = "2026-11-23"
"""The day whose newest packages are installed, so that the test does not change by itself."""

_SECONDS = 120


def _blocks() -> list[str]:
    """The shell blocks of the section."""
    text = _GUIDE.read_text(encoding="utf-8")
    section = text.split("## From an empty folder")[1].split("\n## ")[0]
    return re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


@pytest.fixture
def shell(node_22: Path, in_ci: bool, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A shell as a user has it; everything that it started ends with it."""
    taken = [port for port in (8328, 8787) if _is_taken(port)]
    if taken and not in_ci:
        pytest.skip(f"the guide's ports are in use: {taken}")
    assert not taken
    programs = [str(node_22.parent), str(Path(sys.executable).parent), os.environ["PATH"]]
    env = {**os.environ, "PATH": os.pathsep.join(programs), "HOME": str(tmp_path), "CI": "1"}
    env["npm_config_before"] = _AS_OF
    with (tmp_path / "said").open("w") as said:
        running = subprocess.Popen(
            ["bash", "-e"],
            cwd=tmp_path,
            env=env,
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            text=True,
            start_new_session=True,
        )
        with running:
            yield running
            os.killpg(running.pid, signal.SIGTERM)


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait_for(url: str, shell: subprocess.Popen[str]) -> None:
    """Until something answers there."""
    deadline = time.monotonic() + _SECONDS
    while shell.poll() is None and time.monotonic() < deadline:
        try:
            httpx2.get(url, timeout=10)
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"nothing answers at {url}")


def test_from_an_empty_folder_to_a_search(shell: subprocess.Popen[str], tmp_path: Path) -> None:
    assert shell.stdin
    *before, ask = _blocks()
    assert ask.count("curl") == 3
    for block in before:
        shell.stdin.write(block)
        shell.stdin.flush()
        if "vecinity serve" in block:
            _wait_for("http://127.0.0.1:8328/healthz", shell)
    _wait_for(_WORKER, shell)
    shell.stdin.write(f"exec > answers\n{ask}exit\n")
    shell.stdin.flush()
    assert shell.wait(_SECONDS) == 0, (tmp_path / "said").read_text()
    answers = (tmp_path / "my-search" / "answers").read_text().replace("}{", "}\n{")
    first, second, found = map(json.loads, answers.splitlines())
    assert first.keys() == second.keys() == {"mutationId"}
    texts = [match["metadata"]["text"] for match in found["matches"]]
    assert texts == ["a cat sat on the mat", "prices rose again in May"]
