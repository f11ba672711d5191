"""Fixtures: installed clients, or a skip with the reason (a failure in CI)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients import install

Client = Callable[[str], Path]


@pytest.fixture(scope="session")
def python_client(in_ci: bool) -> Client:
    """The interpreter of a Python client's environment, by the client's name."""
    return lambda name: _installed(install.python_client, name, in_ci)


@pytest.fixture(scope="session")
def npm_client(in_ci: bool) -> Client:
    """The folder `node_modules` of an npm client, by the client's name."""
    return lambda name: _installed(install.npm_client, name, in_ci)


def _installed(client: Client, name: str, in_ci: bool) -> Path:
    found = _attempt(client, name)
    if isinstance(found, Path):
        return found
    if in_ci:
        raise found
    pytest.skip(f"{name} can't be installed: {found}")


@functools.cache
def _attempt(client: Client, name: str) -> Path | install.NotInstallable:
    # Without a network each attempt takes long: one for each client is enough.
    try:
        return client(name)
    except install.NotInstallable as error:
        return error
