"""Commands on stored vectors: get, delete and list them by id."""

from __future__ import annotations

import click

from vecinity.cli.command import Command, Many
from vecinity.cli.indexes import json_flag, name_argument
from vecinity.cli.output import counted, say, say_json, say_table, warn
from vecinity.cli.target import Target, with_target
from vecinity.limits import DEFAULT_LIST_COUNT
from vecinity.server import wire


@click.command("get-vectors", cls=Command)
@name_argument
@click.option("--ids", cls=Many, required=True, metavar="ID...", help="Up to 20 ids.")
@with_target
def get_vectors(target: Target, name: str, ids: tuple[str, ...]) -> None:
    """Get vectors by their ids.

    Prints JSON with values and metadata; unknown ids are left out.

    \b
    Example:
      vecinity get-vectors docs --ids a b c
    """
    with target.open() as database:
        found = database.index(name).get_by_ids(ids)
    if found:
        say_json([wire.vector(each) for each in found])
    else:
        warn(f"Index '{name}' has none of these vectors.")


@click.command("delete-vectors", cls=Command)
@name_argument
@click.option("--ids", cls=Many, required=True, metavar="ID...", help="Up to 100 ids.")
@with_target
def delete_vectors(target: Target, name: str, ids: tuple[str, ...]) -> None:
    """Delete vectors by their ids.

    Unknown ids are no error.

    \b
    Example:
      vecinity delete-vectors docs --ids a b c
    """
    with target.open() as database:
        mutation = database.index(name).delete_by_ids(ids)
    say(f"Deleted what index '{name}' had of {counted(len(ids), 'id')}. Mutation {mutation}.")


@click.command("list-vectors", cls=Command)
@name_argument
@click.option(
    "--count",
    type=int,
    default=DEFAULT_LIST_COUNT,
    metavar="N",
    show_default=True,
    help="Ids on a page, 1 to 1000.",
)
@click.option("--cursor", metavar="TEXT", help="Where the page before ended; valid 15 minutes.")
@json_flag
@with_target
def list_vectors(target: Target, name: str, count: int, cursor: str | None, as_json: bool) -> None:
    """List the ids of an index, page by page.

    All pages show the index as it was at the first.

    \b
    Example:
      vecinity list-vectors docs --count 50
    """
    with target.open() as database:
        page = database.index(name).list_vectors(count, cursor)
    if as_json:
        say_json(wire.page(page))
        return
    if not page.ids:
        warn(f"Index '{name}' has no vectors.")
        return
    say_table(["#", "id"], [[str(n), each] for n, each in enumerate(page.ids, 1)])
    say(f"\n{len(page.ids)} of {counted(page.total_count, 'vector')}.")
    if page.next_cursor:
        say("The next page:")
        more = f"list-vectors {name} --count {count} --cursor {page.next_cursor}"
        say(f"  vecinity {more} {target.flags()}")
