"""Write docs/cli.md from the commands' own help: `python scripts/cli_reference.py`."""

from __future__ import annotations

from pathlib import Path

import click

from vecinity.cli.main import SECTIONS, main

PAGE = Path(__file__).parent.parent / "docs" / "cli.md"

_HEAD = """\
# The command line

Made by `python scripts/cli_reference.py` from the commands' own help.
"""


def reference() -> str:
    """The page, as it should be."""
    parts = [_HEAD, _block("vecinity", main)]
    for title, commands in SECTIONS.items():
        parts.append(f"## {title}\n")
        for name in commands:
            command = main.get_command(click.Context(main), name)
            assert command is not None
            parts.append(f"### vecinity {name}\n\n{_block(f'vecinity {name}', command)}")
    return "\n".join(parts)


def _block(path: str, command: click.Command) -> str:
    settings = {**main.context_settings, "max_content_width": 88, "terminal_width": 88}
    context = click.Context(command, info_name=path, **settings)
    return f"```text\n{command.get_help(context)}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(reference())
