"""The group of all commands. A command's module is imported only when it is used."""

from __future__ import annotations

import importlib
from typing import NamedTuple

import click

import vecinity
from vecinity.cli.command import TARGET_FLAGS


class Entry(NamedTuple):
    """A command without its module."""

    module: str
    attribute: str
    help: str


SECTIONS: dict[str, dict[str, Entry]] = {
    "Run": {
        "serve": Entry("serve", "serve", "Run the server."),
        "demo": Entry("demo", "demo", "Start a server with 2,000 real embeddings and query it."),
        "worker-config": Entry(
            "worker_config", "worker_config", "Print what binds a Worker to a local index."
        ),
        "verify": Entry("verify", "verify", "Check all stored data against its checksums."),
    },
    "Indexes": {
        "create": Entry("indexes", "create", "Create an index."),
        "list": Entry("indexes", "list_", "List the indexes."),
        "get": Entry("indexes", "get", "Show an index: its configuration and times."),
        "info": Entry("indexes", "info", "Show how far an index is: vectors, last mutation."),
        "delete": Entry("indexes", "delete", "Delete an index and all its vectors."),
    },
    "Vectors": {
        "insert": Entry("writes", "insert", "Add the vectors of a file whose ids are new."),
        "upsert": Entry("writes", "upsert", "Add the vectors of a file, or replace them in full."),
        "query": Entry("query", "query", "Find the nearest vectors to a vector."),
        "get-vectors": Entry("vectors", "get_vectors", "Get vectors by their ids."),
        "delete-vectors": Entry("vectors", "delete_vectors", "Delete vectors by their ids."),
        "list-vectors": Entry("vectors", "list_vectors", "List the ids of an index, page by page."),
    },
    "Metadata indexes": {
        "create-metadata-index": Entry("metadata", "create", "Make a property filterable."),
        "list-metadata-index": Entry("metadata", "list_", "List the filterable properties."),
        "delete-metadata-index": Entry("metadata", "delete", "Make a property unfilterable."),
    },
}
"""All commands, in the order and under the headings of `vecinity --help`."""

_ENTRIES = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


class Commands(click.Group):
    """Finds the commands of `SECTIONS`; target options may also stand before the command."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_ENTRIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = _ENTRIES.get(cmd_name)
        if entry is None:
            return None
        module = importlib.import_module(f"vecinity.cli.{entry.module}")
        command = getattr(module, entry.attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, section in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, entry.help) for name, entry in section.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        moved: list[str] = []
        rest = list(args)
        while rest and rest[0].partition("=")[0] in TARGET_FLAGS:
            size = 1 if "=" in rest[0] else 2
            moved += rest[:size]
            del rest[:size]
        return super().parse_args(ctx, [*rest[:1], *moved, *rest[1:]])


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Every command takes --data DIR (embedded, default .vecinity) or --url URL (a server).",
)
@click.version_option(vecinity.__version__, prog_name="vecinity")
def main() -> None:
    """A vector database that speaks the Cloudflare Vectorize V2 API.

    Every `wrangler vectorize COMMAND ...` works as `vecinity COMMAND ...`.

    Try it: `vecinity demo`
    """
