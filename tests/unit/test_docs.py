"""What the documents say is so: snippets run, the command line's page is current, links lead on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from scripts import cli_reference

import vecinity
from vecinity.cli.main import SECTIONS

_TOP = Path(__file__).parent.parent.parent
_PAGES = sorted([_TOP / "README.md", _TOP / "CHANGELOG.md", *(_TOP / "docs").rglob("*.md")])


def test_the_page_of_the_command_line_is_current() -> None:
    assert cli_reference.PAGE.read_text() == cli_reference.reference()


def test_every_wrangler_command_has_its_twin() -> None:
    ours = {name for section in SECTIONS.values() for name in section}
    assert ours >= {
        *("create", "delete", "get", "list", "info", "insert", "upsert", "query"),
        *("get-vectors", "delete-vectors", "list-vectors"),
        *("create-metadata-index", "list-metadata-index", "delete-metadata-index"),
    }


def test_the_python_snippets_of_the_readme_run(tmp_path: Path) -> None:
    snippets = re.findall(r"```python\n(.*?)```", (_TOP / "README.md").read_text(), re.DOTALL)
    assert snippets
    for snippet in snippets:
        ran = subprocess.run(
            [sys.executable, "-W", "error", "-c", snippet],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stderr
        assert ran.stdout.startswith("a 1.0 ")


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_tests_named_in_the_promises_exist() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", (_TOP / "docs" / "promises.md").read_text())
    assert named
    assert [path for path in named if not (_TOP / path).exists()] == []


def test_public_names_exist_and_are_documented() -> None:
    for name in vecinity.__all__:
        found = getattr(vecinity, name)
        assert name == "__version__" or found.__doc__
