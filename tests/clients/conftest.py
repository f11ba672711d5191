"""Fixtures: installed clients, or a skip with the reason (a failure in CI)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.clients import install
from tests.clients.workers.indexes import Indexes
from tests.clients.workers.release import Release
from tests.support.server import TOKEN, Server

Client = Callable[[str], Path]
"""By a client's name, where it is installed."""


@pytest.fixture(scope="session")
def python_client(in_ci: bool) -> Client:
    """The interpreter of a Python client's environment, by the client's name."""
    return lambda name: _installed(install.python_client, name, in_ci)


@pytest.fixture(scope="session")
def npm_client(in_ci: bool) -> Client:
    """The folder `node_modules` of an npm client, by the client's name."""
    return lambda name: _installed(install.npm_client, name, in_ci)


@pytest.fixture(scope="session")
def node_22(in_ci: bool) -> Path:
    """The program `node` of version 22."""
    return _installed(lambda _: install.node_22(), "node-22", in_ci)


@pytest.fixture(scope="session")
def npm_client_22(in_ci: bool, node_22: Path) -> Client:
    """As `npm_client`, for clients that need Node 22."""
    return lambda name: _installed(lambda name: install.npm_client(name, node_22), name, in_ci)


@pytest.fixture(scope="session", params=["4.86.0", "4.164.0"])
def release(request: pytest.FixtureRequest) -> Release:
    """wrangler for Node 20, and the latest, with the miniflare and workerd of each."""
    version: str = request.param
    old = version == "4.86.0"
    client: Client = request.getfixturevalue("npm_client" if old else "npm_client_22")
    modules = client(f"wrangler-{version}")
    node = shutil.which("node") if old else request.getfixturevalue("node_22")
    assert node, "what was installed with it is there"
    return Release(version, Path(node), modules)


@pytest.fixture(scope="session")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Indexes]:
    """The indexes behind Workers' bindings, on a server that wants the right token."""
    with Server(tmp_path_factory.mktemp("bound") / "data", "--token", TOKEN) as server:
        yield Indexes(server)


def _installed(client: Client, name: str, in_ci: bool) -> Path:
    found = _attempts.get(name)
    if found is None:
        # Without a network each attempt takes long: one for each client is enough.
        found = _attempts[name] = _attempt(client, name)
    if isinstance(found, Path):
        return found
    if in_ci:
        raise found
    pytest.skip(f"{name} can't be installed: {found}")


_attempts: dict[str, Path | install.NotInstallable] = {}


def _attempt(client: Client, name: str) -> Path | install.NotInstallable:
    try:
        return client(name)
    except install.NotInstallable as error:
        return error
