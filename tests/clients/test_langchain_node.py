"""LangChain's TypeScript store on a Vectorize binding: in a Worker, and in Node."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Client
from tests.clients.tools import tool
from tests.clients.workers import project
from tests.clients.workers.indexes import Indexes
from tests.clients.workers.release import Release

_SECONDS = 120
_AB = {"pageContent": "ab", "metadata": {"kind": "red", "n": 1}}
_ABB = {"pageContent": "abb", "metadata": {"kind": "green", "n": 2}}
_XYZ = {"pageContent": "xyz", "metadata": {"kind": "red", "n": 3}}


@pytest.fixture
def folder(release: Release, npm_client_22: Client, indexes: Indexes, tmp_path: Path) -> Path:
    """A project with the store, and an index of its own."""
    index = indexes.of(f"langchain-{release.slug}")["INDEX"]
    options = project.plugin_options(indexes.server)
    config = project.configuration("langchain.mjs", {"INDEX": index}, options)
    (tmp_path / "wrangler.json").write_text(json.dumps(config))
    tool.copy("langchain.mjs", tmp_path)
    tool.copy("langchain_node.mjs", tmp_path)
    tool.link(npm_client_22("langchain-cloudflare-1.1.0"), tmp_path)
    return tmp_path


@pytest.mark.parametrize("release", ["4.164.0"], indirect=True)
def test_in_a_worker(release: Release, folder: Path) -> None:
    with release.dev(folder) as program:
        _check(program.answer())


@pytest.mark.parametrize("release", ["4.86.0"], indirect=True)
def test_in_node(release: Release, folder: Path) -> None:
    ran = subprocess.run(
        [str(release.node), str(folder / "langchain_node.mjs"), str(release.modules)],
        cwd=folder,
        env=tool.environment(release, folder),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    _check(json.loads(ran.stdout.splitlines()[-1]))


def _check(out: dict[str, Any]) -> None:
    assert out == {
        "added": ["1", "2", "3"],
        "generated": 501,
        "stored": 504,
        "search": [_AB, _ABB],
        "filtered": [_AB, _XYZ],
        "scores": [["ab", 0], ["abb", 1]],
        "retrieved": [_ABB],
        # The store asks for values and all metadata with every search.
        "tooMany": "VECTOR_QUERY_ERROR (code = 40025): with returnValues=true or "
        "returnMetadata=all, max top K is 50, but got 51; for a top K up to 100, retry with "
        "returnValues=false and returnMetadata=indexed",
        # It deletes up to 1,000 ids in one call, Vectorize takes 100.
        "deletedTooMany": "VECTOR_DELETE_ERROR (code = 40007): too many ids in payload; "
        "max id count is 100, got 501",
        "afterDelete": [_ABB],
        "left": 404,
    }
