"""The command `query`."""

from __future__ import annotations

import json
from typing import Any, get_args

import click

from vecinity.cli.command import Command, Many
from vecinity.cli.indexes import name_argument
from vecinity.cli.output import say_json, warn
from vecinity.cli.target import Target, with_target
from vecinity.database import Index
from vecinity.errors import InvalidFilter
from vecinity.filters import parse_filter
from vecinity.limits import DEFAULT_TOP_K, OPEN
from vecinity.model import ReturnMetadata
from vecinity.server import wire


@click.command(cls=Command)
@name_argument
@click.option(
    "--vector", cls=Many, type=float, metavar="NUMBER...", help="The values to search with."
)
@click.option("--vector-id", metavar="ID", help="Search with a vector of the index instead.")
@click.option(
    "--top-k",
    type=int,
    default=DEFAULT_TOP_K,
    metavar="N",
    show_default=True,
    help="How many matches: up to 100, or 50 with values or all metadata.",
)
@click.option("--return-values", is_flag=True, help="Return the matches' values too.")
@click.option(
    "--return-metadata",
    type=click.Choice(get_args(ReturnMetadata)),
    default="none",
    show_default=True,
    help="Return the matches' metadata too: that of metadata indexes only, or all.",
)
@click.option("--namespace", metavar="TEXT", help="Search in this namespace only.")
@click.option(
    "--filter",
    "condition",
    metavar="JSON",
    help="Search among the vectors whose metadata match, with $eq $ne $in $nin $lt $lte $gt $gte.",
)
@click.option(
    "--recall-target",
    type=float,
    metavar="SHARE",
    help="How many of the nearest to find in a large index, 0.9 to 1, which is exact.",
)
@with_target
def query(
    target: Target,
    name: str,
    vector: tuple[float, ...],
    vector_id: str | None,
    condition: str | None,
    **options: Any,
) -> None:
    """Find the nearest vectors to a vector.

    Prints JSON, best match first. Give either --vector or --vector-id.

    \b
    Examples:
      vecinity query docs --vector 0.1 -0.2 3e-4 ...
      vecinity query docs --vector $(jq -r '.[]' vector.json) --top-k 10
      vecinity query docs --vector-id a --filter '{"lang": "en", "year": {"$gte": 2020}}'
    """
    if bool(vector) == (vector_id is not None):
        raise click.UsageError("Give either --vector or --vector-id.")
    options["filter"] = None if condition is None else _parsed(condition)
    with target.open() as database:
        index = database.index(name)
        if vector_id is not None:
            found = index.query_by_id(vector_id, **options)
        else:
            found = index.query(vector, **options)
        unindexed = _unindexed(index, options["filter"]) if not found else []
    if found:
        say_json(wire.matches(found))
        return
    warn("There are no matches.")
    for property_name in unindexed:
        warn(
            f"'{property_name}' has no metadata index, so the filter matches nothing: "
            "see vecinity create-metadata-index --help"
        )


def _unindexed(index: Index, condition: Any) -> list[str]:
    """The properties of a filter, which was accepted, that have no metadata index."""
    if condition is None:
        return []
    conditions = parse_filter(condition, OPEN).conditions
    indexed = {found.property_name for found in index.list_metadata_indexes()}
    names = dict.fromkeys(each.property_name for each in conditions)
    return [name for name in names if name not in indexed]


def _parsed(condition: str) -> Any:
    try:
        return json.loads(condition)
    except ValueError as error:
        raise InvalidFilter(f"it is not JSON: {error}") from error
