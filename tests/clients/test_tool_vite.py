"""A Worker in `vite dev` and `vite build` with Cloudflare's plugin for vite."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.clients.conftest import Client
from tests.clients.tools import tool
from tests.clients.workers import project
from tests.clients.workers.check import check
from tests.clients.workers.indexes import Indexes
from tests.clients.workers.release import Release
from tests.support.server import TOKEN

_VERSION = "1.64.0"
_VITE = "vite/bin/vite.js"
_READY = r"Local: +http://127\.0\.0\.1:(\d+)/"


@pytest.fixture(scope="module")
def vite(node_22: Path, npm_client_22: Client) -> Release:
    return Release(_VERSION, node_22, npm_client_22(f"vite-plugin-{_VERSION}"))


def _write(folder: Path, vite: Release, indexes: Indexes, name: str) -> None:
    project.write(folder, indexes.of(name), project.plugin_options(indexes.server))
    tool.copy("vite.config.mjs", folder)
    tool.link(vite.modules, folder)


def test_dev(vite: Release, indexes: Indexes, tmp_path: Path) -> None:
    _write(tmp_path, vite, indexes, "vite-dev")
    address = ["--host=127.0.0.1", "--port=0"]
    development = {"CLOUDFLARE_ENV": "development"}
    with tool.serve(vite, tmp_path, _VITE, "dev", *address, ready=_READY, **development) as program:
        check(program.answer())
        at = f"env.INDEX is the index vite-dev of Vecinity at {indexes.server.url}"
        assert at in program.output()
        assert TOKEN not in program.output()


def test_build_is_for_cloudflare(vite: Release, indexes: Indexes, tmp_path: Path) -> None:
    _write(tmp_path, vite, indexes, "vite-build")
    tool.run(vite, tmp_path, _VITE, "build")
    [built] = (tmp_path / "dist").glob("*/wrangler.json")
    config = json.loads(built.read_text())
    assert {"binding": "INDEX", "index_name": "vite-build"} in config["vectorize"]
    assert not config.get("unsafe")
    assert TOKEN not in built.read_text()
