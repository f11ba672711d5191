"""Tests of a Worker in Cloudflare's vitest plugin, and in the pool that was its name before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Client
from tests.clients.tools import tool
from tests.clients.workers import project
from tests.clients.workers.indexes import Indexes
from tests.clients.workers.release import Release
from tests.support.server import ACCOUNT, TOKEN

PACKAGES = {"vitest-plugin": "1.5.0", "vitest-pool-workers": "0.23.0"}
_ASSERTION = "expected 32 to be 31"


@pytest.fixture(params=PACKAGES)
def package(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.mark.parametrize("way", ["environment", "miniflare"])
def test_vitest(
    package: str,
    way: str,
    node_22: Path,
    npm_client_22: Client,
    indexes: Indexes,
    tmp_path: Path,
) -> None:
    version = PACKAGES[package]
    release = Release(version, node_22, npm_client_22(f"{package}-{version}"))
    index = indexes.of(f"{package}-{way}")["INDEX"]
    _write(tmp_path, package, release, indexes, index)
    url = f"{indexes.server.url}/binding/{ACCOUNT}/{index}?token={TOKEN}"
    report = tmp_path / "report.json"
    options = [f"--config={way}.config.mjs", "--reporter=json", f"--outputFile={report}"]
    said = tool.run(
        release, tmp_path, "vitest/vitest.mjs", "run", *options, fails=True, BINDING_URL=url
    )
    _check(json.loads(report.read_text()), said)


def _write(folder: Path, package: str, release: Release, indexes: Indexes, index: str) -> None:
    config = project.configuration(
        "worker.mjs", {"INDEX": index}, project.plugin_options(indexes.server)
    )
    config["compatibility_flags"] = ["nodejs_compat"]
    (folder / "wrangler.json").write_text(json.dumps(config))
    tool.copy("vitest", folder)
    tool.link(release.modules, folder)
    for path in folder.glob("*.config.mjs"):
        path.write_text(path.read_text().replace("vitest-plugin", package))


def _check(report: dict[str, Any], said: str) -> None:
    [file] = report["testResults"]
    found = {each["title"]: each["status"] for each in file["assertionResults"]}
    assert found == {
        "queries": "passed",
        "gets and deletes": "passed",
        "throws Cloudflare's errors": "passed",
        "answers": "passed",
        "fails on purpose": "failed",
    }, said
    assert (report["numPassedTests"], report["numFailedTests"]) == (4, 1)
    [wrong] = [each for each in file["assertionResults"] if each["status"] == "failed"]
    assert _ASSERTION in wrong["failureMessages"][0]
