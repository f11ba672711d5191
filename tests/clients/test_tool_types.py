"""What `wrangler deploy --dry-run`, `wrangler types` and tsc make of the local configuration.

The type of a Vectorize binding is `VectorizeIndex`, Cloudflare's first generation, from wrangler
itself: never `Vectorize`, also without anything of ours.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.clients.conftest import Client
from tests.clients.tools import tool
from tests.clients.workers import project
from tests.clients.workers.release import Release
from vecinity.cli.main import main

_WRANGLER = "wrangler/bin/wrangler.js"
_TYPES = "worker-configuration.d.ts"
_TOML = 'name = "worker"\nmain = "worker.ts"\ncompatibility_date = "2026-01-01"\n\n'


@pytest.fixture
def folder(release: Release, tmp_path: Path) -> Path:
    """A project with the printed configuration, and `plain.json` without ours. No server runs."""
    tool.copy("types", tmp_path)
    arguments = ["worker-config", "--index=docs", "--binding=INDEX", "--format=toml"]
    (tmp_path / "wrangler.toml").write_text(_TOML + CliRunner().invoke(main, arguments).stdout)
    config = project.configuration("worker.ts", {"INDEX": "docs"}, {})
    del config["env"]
    (tmp_path / "plain.json").write_text(json.dumps(config))
    return tmp_path


def test_a_dry_run_deploys_the_plain_binding(release: Release, folder: Path) -> None:
    said = tool.run(release, folder, _WRANGLER, "deploy", "--dry-run", "--env=")
    assert re.findall(r"^env\.(.+?) {2,}(.+?) *$", said, re.MULTILINE) == [
        ("INDEX (docs)", "Vectorize Index")
    ]
    plain = tool.run(release, folder, _WRANGLER, "deploy", "--dry-run", "--config=plain.json")
    assert said == plain


def test_types_are_those_of_the_plain_binding(
    release: Release, folder: Path, npm_client: Client
) -> None:
    plain_options = ["--config=plain.json", "--include-runtime=false"]
    tool.run(release, folder, _WRANGLER, "types", *plain_options, "plain.d.ts")
    tool.run(release, folder, _WRANGLER, "types")
    plain, ours = (_types(folder / name) for name in ("plain.d.ts", _TYPES))
    assert plain == {"INDEX": {"VectorizeIndex"}}
    # The plugin's own entry is an optional any: the Worker has no such binding in production.
    assert ours == {"INDEX": {"VectorizeIndex"}, "VECINITY": {"any"}}
    assert "VECINITY?: any" in (folder / _TYPES).read_text()

    tsc = npm_client("typescript-7.0.2") / "typescript" / "bin" / "tsc"
    assert _tsc(release, tsc, folder, "--project", "tsconfig.json") == []
    first = ["--ignoreConfig", "--noEmit", "--skipLibCheck", "--target", "es2024"]
    errors = _tsc(release, tsc, folder, *first, _TYPES, "first_generation.ts")
    assert [error.split(":")[1].strip() for error in errors] == ["error TS2339"] * 2
    assert all("on type 'Vectorize" in error for error in errors)


def _types(path: Path) -> dict[str, set[str]]:
    """Of each binding the types that it has in any environment."""
    found: dict[str, set[str]] = {}
    text = path.read_text().split("// Begin runtime types")[0]
    for name, kind in re.findall(r"^\t+([A-Z]+)\??: (\w+);$", text, re.MULTILINE):
        found.setdefault(name, set()).add(kind)
    return found


def _tsc(release: Release, tsc: Path, folder: Path, *arguments: str) -> list[str]:
    """The errors that it reports."""
    ran = subprocess.run(
        [str(release.node), str(tsc), "--pretty", "false", *arguments],
        cwd=folder,
        env=tool.environment(release, folder),
        capture_output=True,
        text=True,
    )
    assert not ran.stderr, ran.stderr
    return ran.stdout.splitlines()
