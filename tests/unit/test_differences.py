"""docs/differences.md is what the tests' table says, and each row names a test that there is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from scripts.differences import PAGE, page

from tests.differences import CHOICES, ON_PURPOSE, OPEN

_TESTS = Path(__file__).parent.parent


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python scripts/differences.py"


@pytest.mark.parametrize("row", [*ON_PURPOSE, *CHOICES, *OPEN], ids=lambda row: row.point)
def test_each_is_shown_by_a_test(row: tuple[str, ...]) -> None:
    file, _, name = row[-1].partition("::")
    tree = ast.parse((_TESTS / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
