"""The code of Cloudflare's page "Vectorize API", copied verbatim: one file for each piece.

The files' names start with the piece's number on the page, which is the order in which they run.
"""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parent
LANGUAGES = {"TypeScript": "ts", "Terminal window": "sh", "JSONC": "jsonc", "TOML": "toml"}
"""The line above a piece, and the end of its copy's name."""

_PIECE = re.compile(
    rf"^({'|'.join(LANGUAGES)})\n\n```\n\n(.*?)\n\n\n```$", re.MULTILINE | re.DOTALL
)


def pieces(page: str) -> list[tuple[str, str]]:
    """Each piece of code of the page's Markdown, in order, with the end of its copy's name."""
    return [(LANGUAGES[language], code + "\n") for language, code in _PIECE.findall(page)]


def copies() -> list[tuple[str, str]]:
    """As `pieces`, from this folder."""
    files = sorted(path for path in FOLDER.iterdir() if path.name[:2].isdigit())
    return [(path.suffix[1:], path.read_text()) for path in files]
