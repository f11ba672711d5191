"""Fixtures of the contract tests: clients that fail on any 5xx, and fresh indexes."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.contract.api import Index, create, watched
from tests.contract.legacy import LegacyIndex, create_v1
from tests.support.server import Server


@pytest.fixture(scope="session", autouse=True)
def http(server: Server) -> Iterator[httpx2.Client]:
    """The shared server's REST routes, watched: whatever a test does, nothing may crash there."""
    with watched(server) as client:
        yield client


@pytest.fixture(scope="session")
def open_http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """A server with the open profile."""
    data = tmp_path_factory.mktemp("open") / "data"
    with Server(data, "--profile", "open") as running, watched(running) as client:
        yield client


@pytest.fixture(scope="session")
def legacy_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that creates V1 indexes."""
    with Server(tmp_path_factory.mktemp("legacy") / "data", "--legacy-v1") as running:
        yield running


@pytest.fixture(scope="session")
def v1(legacy_server: Server) -> Iterator[httpx2.Client]:
    """The V1 routes of that server."""
    with watched(legacy_server, api="vectorize") as client:
        yield client


@pytest.fixture(scope="session")
def v2(legacy_server: Server) -> Iterator[httpx2.Client]:
    """The V2 routes of the same server."""
    with watched(legacy_server) as client:
        yield client


@pytest.fixture
def v1_index(v1: httpx2.Client, index_name: str) -> LegacyIndex:
    """A fresh V1 index, cosine, of 32 dimensions."""
    return create_v1(v1, index_name)


@pytest.fixture
def index(http: httpx2.Client, index_name: str) -> Index:
    """A fresh cosine index of 32 dimensions."""
    return create(http, index_name)


@pytest.fixture
def open_index(open_http: httpx2.Client, index_name: str) -> Index:
    """The same, on the server with the open profile."""
    return create(open_http, index_name)
