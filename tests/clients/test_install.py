"""Clients are installed whole or not at all, from locks that pin every byte."""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.clients.install import LOCKS, NotInstallable, once

CLIENTS = {
    "cloudflare-5.2.0": "cloudflare",
    "cloudflare-7.3.0": "cloudflare",
    "langchain-cloudflare-1.1.0": "@langchain/cloudflare",
    "typescript-7.0.2": "typescript",
    "vite-plugin-1.64.0": "@cloudflare/vite-plugin",
    "vitest-plugin-1.5.0": "@cloudflare/vitest-plugin",
    "vitest-pool-workers-0.23.0": "@cloudflare/vitest-pool-workers",
    "wrangler-3.71.0": "wrangler",
    "wrangler-4.86.0": "wrangler",
    "wrangler-4.164.0": "wrangler",
}
"""The package of each npm client."""


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        folder.mkdir()
        made.append(folder)

    assert once(tmp_path / "client", make) == once(tmp_path / "client", make)
    assert len(made) == 1


def test_a_failed_installation_leaves_nothing(tmp_path: Path) -> None:
    def make(folder: Path) -> None:
        folder.mkdir()
        (folder / "half").touch()
        raise NotInstallable("no network")

    with pytest.raises(NotInstallable, match="no network"):
        once(tmp_path / "client", make)
    assert list(tmp_path.iterdir()) == []


def test_two_at_a_time_get_one_whole_installation(tmp_path: Path) -> None:
    both_began = threading.Barrier(2, timeout=30)

    def make(folder: Path) -> None:
        folder.mkdir()
        both_began.wait()
        (folder / "whole").touch()

    with ThreadPoolExecutor(2) as pool:
        places = list(pool.map(lambda _: once(tmp_path / "client", make), range(2)))
    assert places == [tmp_path / "client"] * 2
    assert [path.name for path in tmp_path.iterdir()] == ["client"]
    assert (tmp_path / "client" / "whole").exists()


def test_every_npm_client_is_checked() -> None:
    locks = {lock.parent.name for lock in (LOCKS / "npm").glob("*/package-lock.json")}
    assert locks == {*CLIENTS, "node-22"}


@pytest.mark.parametrize("client", CLIENTS)
def test_npm_locks_pin_hashes_and_name_no_address(client: str) -> None:
    text = (LOCKS / "npm" / client / "package-lock.json").read_text()
    assert not re.search(r"\"resolved\"|https?:", text)
    packages = json.loads(text)["packages"]
    own = packages.pop("")
    assert packages
    assert all("integrity" in package for package in packages.values())
    assert own["dependencies"] == {CLIENTS[client]: client.rsplit("-", 1)[1]}


@pytest.mark.parametrize(
    "client", ["cloudflare-4.3.1", "cloudflare-5.9.0", "langchain-cloudflare-0.4.3"]
)
def test_python_locks_pin_versions_and_name_no_address(client: str) -> None:
    text = (LOCKS / "python" / f"{client}.txt").read_text()
    # a line that starts with "-" is an option, such as another place to look
    assert not re.search(r"https?:|^-", text, re.MULTILINE)
    name, version = client.rsplit("-", 1)
    assert f"\n{name}=={version} " in text
