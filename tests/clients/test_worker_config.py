"""What `vecinity worker-config` prints, taken by the tools as it is.

The formats of wrangler's files are taken by test_workers_guide, test_tool_types and
test_example_worker.
"""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from tests.clients.workers import workerd
from tests.clients.workers.indexes import Indexes
from tests.clients.workers.release import Release
from tests.support.server import ACCOUNT, TOKEN
from vecinity.cli.main import main

_WORKER = "export default { fetch: async (_, env) => Response.json(await env.INDEX.describe()) };"


def _printed(form: str, indexes: Indexes, index: str) -> str:
    given = ["--index", index, "--binding=INDEX", "--format", form, "--url", indexes.server.url]
    options = [*given, "--account", ACCOUNT, "--token", TOKEN]
    result = CliRunner().invoke(main, ["worker-config", *options])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_capnp(release: Release, indexes: Indexes, tmp_path: Path) -> None:
    index = indexes.of(f"config-capnp-{release.slug}")["INDEX"]
    services, bindings = _printed("capnp", indexes, index).split("\n\n")
    worker = tmp_path / "worker.mjs"
    worker.write_text(_WORKER)
    with workerd.run(release.modules, tmp_path, services, bindings, worker) as program:
        assert program.answer()["dimensions"] == 32


def test_miniflare(release: Release, indexes: Indexes, tmp_path: Path) -> None:
    index = indexes.of(f"config-miniflare-{release.slug}")["INDEX"]
    snippet = _printed("miniflare", indexes, index)
    assert release.script("snippet.mjs", snippet, folder=tmp_path)["dimensions"] == 32
