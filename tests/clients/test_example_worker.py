"""examples/worker-search, from its lock file: its own tests, its types, its dry deployment."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.clients.install import NotInstallable, run
from vecinity.cli.main import main

_ROOT = Path(__file__).parent.parent.parent
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def example(node_22: Path, in_ci: bool, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's folder, with its packages, beside a copy of the plugin's."""
    root = tmp_path_factory.mktemp("checkout")
    folder = root / "examples" / "worker-search"
    left_out = shutil.ignore_patterns("node_modules", ".wrangler", ".vecinity", ".venv")
    shutil.copytree(_ROOT / "examples" / "worker-search", folder, ignore=left_out)
    shutil.copytree(_ROOT / "src" / "vecinity" / "npm", root / "npm")
    try:
        run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder, node_22)
    except NotInstallable as error:
        if in_ci:
            raise
        pytest.skip(f"the example's packages can't be installed: {error}")
    return folder


def _npm(example: Path, node: Path, *arguments: str) -> str:
    """What `npm run ...` printed, without colours."""
    programs = [str(node.parent), str(Path(sys.executable).parent), os.environ["PATH"]]
    ran = subprocess.run(
        ["npm", "run", *arguments],
        cwd=example,
        env={
            **os.environ,
            "PATH": os.pathsep.join(programs),
            "HOME": str(example),
            "CI": "1",
            "WRANGLER_SEND_METRICS": "false",
            "WRANGLER_HIDE_BANNER": "true",
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    said = _COLOUR.sub("", ran.stdout + ran.stderr)
    assert ran.returncode == 0, said
    return said


def test_its_configuration_is_the_printed_one(example: Path) -> None:
    arguments = ["worker-config", "--index=docs", "--binding=DOCS", "--plugin=vecinity"]
    printed = CliRunner().invoke(main, arguments).stdout
    config = _without_comments((example / "wrangler.jsonc").read_text())
    assert config.items() >= _without_comments(printed).items()


def _without_comments(jsonc: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(re.sub(r"^ *//.*$", "", jsonc, flags=re.MULTILINE))
    return parsed


def test_its_tests_pass_on_a_server_of_their_own(example: Path, node_22: Path) -> None:
    assert re.search(r"Tests +6 passed \(6\)", _npm(example, node_22, "test"))


def test_its_types_are_those_of_the_plain_entry(example: Path, node_22: Path) -> None:
    said = _npm(example, node_22, "check")
    assert re.search(r"interface __BaseEnv_Env {\s+DOCS: VectorizeIndex;", said)


def test_its_configuration_deploys(example: Path, node_22: Path) -> None:
    said = _npm(example, node_22, "deploy", "--", "--dry-run")
    assert re.search(r"env\.DOCS \(docs\) +Vectorize Index", said)
    assert "VECINITY" not in said
