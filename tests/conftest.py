"""Fixtures that all tests share."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from hypothesis import HealthCheck, settings

from tests.support.server import Server

settings.register_profile(
    "default",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("default")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--data",
        default=os.environ.get("VECINITY_TEST_DATA"),
        help="folder of debian-wordnet-384, for the tests on the whole real set",
    )
    parser.addoption(
        "--tiny-blocks",
        action="store_true",
        help="servers seal tails of 8 vectors, so that tests with few take every path",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--tiny-blocks"):
        Server.usual = (sys.executable, "-m", "tests.support.tiny")


@pytest.fixture(scope="session")
def in_ci() -> bool:
    """Whether this is CI, where nothing that can run may be skipped."""
    return bool(os.environ.get("CI"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that only need names of their own."""
    with Server(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def http(server: Server) -> Iterator[httpx2.Client]:
    """A client for `server`'s REST routes: `http.get("/indexes")`."""
    with server.client() as client:
        yield client


@pytest.fixture
def index_name(request: pytest.FixtureRequest) -> str:
    """A fresh legal name of an index, from the test's name."""
    stem = "".join(c if c.isascii() and c.isalnum() else "-" for c in request.node.name)[:40]
    return f"{stem}-{abs(hash(request.node.nodeid)) % 10**8}"


@pytest.fixture
def memory_path(tmp_path: Path) -> Iterator[Path]:
    """An empty folder on a memory file system where there is one: a sync costs nothing there."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="vecinity-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def real_data(pytestconfig: pytest.Config) -> Path:
    """The folder of the real embeddings, else the test is skipped."""
    folder = pytestconfig.getoption("--data")
    if not folder:
        pytest.skip("no real data: give its folder with --data or VECINITY_TEST_DATA")
    return Path(folder)
