"""A real client's retries, against a server that fails on purpose (`vecinity serve --fail`)."""

from __future__ import annotations

from pathlib import Path

from tests.clients.conftest import Client
from tests.clients.programs import run_script
from tests.contract.api import UPSTREAM, Index, create
from tests.support.server import Server

_TWICE = "rate=0.5,seed=7,code=40041,operation=upsert"
"""The first two calls fail, the third does not: so says the seed."""


def test_the_python_sdk_retries_too_many_requests(tmp_path: Path, python_client: Client) -> None:
    interpreter = python_client("cloudflare-5.9.0")
    with Server(tmp_path / "data") as server, server.client() as client:
        create(client, "i")
    for retries in (1, 2):
        with Server(tmp_path / "data", f"--fail={_TWICE}") as server, server.client() as client:
            out = run_script(server, interpreter, "sdk_python_retry.py", "i", str(retries))
            written = Index(client, "i").info()["processedUpToMutation"]
        if retries == 1:
            refused = ["RateLimitError", 429, 40041, f"{UPSTREAM}Too Many Requests"]
            assert (out, written) == (refused, None)
        else:
            assert out == [written]
            assert written is not None
