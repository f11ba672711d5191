"""Writes docs/differences.md from the tests' table: python scripts/differences.py"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "differences.md"

sys.path.insert(0, str(ROOT))  # for `tests`, which is not installed

from tests.differences import CHOICES, ON_PURPOSE, OPEN  # noqa: E402

_HEAD = """\
# How Vecinity differs from Cloudflare Vectorize

Every known difference, with the test that shows our side of it. This page is generated from
[tests/differences.py](../tests/differences.py). Much of what both sides must share is in
[test_verified.py](../tests/contract/test_verified.py), which also runs against a real
account.
"""

_CHOICES = """\
No source says what the service does here, so it may do otherwise. Codes and statuses of our own are
listed in [decision 008](decisions/008-errors-of-our-own.md).
"""


def page() -> str:
    """The whole page."""
    sections: list[tuple[str, Sequence[str], Sequence[Sequence[str]]]] = [
        (_HEAD, ("point", "the service", "Vecinity", "shown by"), ON_PURPOSE),
        (f"## Our choices\n\n{_CHOICES}", ("point", "Vecinity", "shown by"), CHOICES),
        ("## With `--profile open`, on purpose\n", ("point", "Vecinity", "shown by"), OPEN),
    ]
    return "\n".join(
        "\n".join([text, *_table(columns, rows)]) + "\n" for text, columns, rows in sections
    )


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield f"| {' | '.join('---' for _ in columns)} |"
    for *cells, shown_by in rows:
        file, _, name = shown_by.partition("::")
        link = f"[{name.removeprefix('test_').replace('_', ' ')}](../tests/{file})"
        yield f"| {' | '.join([*cells, link])} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
