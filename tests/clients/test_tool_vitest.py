"""Tests of a Worker in Cloudflare's vitest plugin, and in the pool that was its name before."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Client
from tests.clients.tools import tool
from tests.clients.workers import project
from tests.clients.workers.check import check
from tests.clients.workers.expected import EXPECTED
from tests.clients.workers.indexes import Indexes
from tests.clients.workers.release import Release
from tests.support.server import ACCOUNT, TOKEN

PACKAGES = {"vitest-plugin": "1.5.0", "vitest-pool-workers": "0.23.0"}
_ASSERTION = "expected 32 to be 31"


@pytest.fixture(params=PACKAGES)
def package(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def release(package: str, node_22: Path, npm_client_22: Client) -> Release:
    version = PACKAGES[package]
    return Release(version, node_22, npm_client_22(f"{package}-{version}"))


@pytest.mark.parametrize("way", ["environment", "miniflare"])
def test_a_users_tests(
    package: str, way: str, release: Release, indexes: Indexes, tmp_path: Path
) -> None:
    bound = indexes.of(f"{package}-{way}")
    _write(tmp_path, package, release, indexes, bound)
    _check(_run(release, tmp_path, way, _url(indexes, bound), "binding", fails=True))


@pytest.mark.parametrize("way", ["environment", "miniflare"])
def test_the_scenario(
    package: str, way: str, release: Release, indexes: Indexes, tmp_path: Path
) -> None:
    bound = indexes.of(f"{package}-{way}-scenario")
    _write(tmp_path, package, release, indexes, bound)
    found = _run(release, tmp_path, way, _url(indexes, bound), "scenario", fails=False)
    names = EXPECTED if way == "environment" else ["INDEX"]
    check(found["runs"]["meta"]["outcomes"], names)


def _url(indexes: Indexes, bound: Mapping[str, str]) -> str:
    """Where miniflare reaches the first of them."""
    return f"{indexes.server.url}/binding/{ACCOUNT}/{bound['INDEX']}?token={TOKEN}"


def _write(
    folder: Path, package: str, release: Release, indexes: Indexes, bound: Mapping[str, str]
) -> None:
    config = project.configuration("worker.mjs", bound, project.plugin_options(indexes.server))
    config["compatibility_flags"] = ["nodejs_compat"]
    (folder / "wrangler.json").write_text(json.dumps(config))
    tool.copy("vitest", folder)
    shutil.copy(project.SCENARIO, folder)
    tool.link(release.modules, folder)
    for path in folder.glob("*.config.mjs"):
        path.write_text(path.read_text().replace("vitest-plugin", package))


def _run(
    release: Release, folder: Path, way: str, url: str, tests: str, *, fails: bool
) -> dict[str, Any]:
    """What vitest reports of each test in a file, by its title."""
    report = folder / f"{tests}.json"
    arguments = ["run", f"{tests}.test.mjs", f"--config={way}.config.mjs"]
    options = ["--reporter=json", f"--outputFile={report}"]
    program = "vitest/vitest.mjs"
    said = tool.run(release, folder, program, *arguments, *options, fails=fails, BINDING_URL=url)
    [file] = json.loads(report.read_text())["testResults"]
    assert file["assertionResults"], said
    return {each["title"]: each for each in file["assertionResults"]}


def _check(found: dict[str, Any]) -> None:
    assert {title: each["status"] for title, each in found.items()} == {
        "queries": "passed",
        "gets and deletes": "passed",
        "throws Cloudflare's errors": "passed",
        "answers": "passed",
        "fails on purpose": "failed",
    }
    assert _ASSERTION in found["fails on purpose"]["failureMessages"][0]
