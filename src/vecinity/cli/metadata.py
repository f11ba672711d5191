"""Commands on metadata indexes: the properties that filters can use."""

from __future__ import annotations

from typing import get_args

import click

from vecinity.cli.command import Command
from vecinity.cli.indexes import json_flag, name_argument
from vecinity.cli.output import say, say_json, say_table, warn
from vecinity.cli.target import Target, with_target
from vecinity.model import MetadataType
from vecinity.server import wire

property_option = click.option(
    "--property-name",
    required=True,
    metavar="NAME",
    help="The property; a nested one is written with dots: author.name.",
)


@click.command("create-metadata-index", cls=Command)
@name_argument
@property_option
@click.option(
    "--type",
    "kind",
    required=True,
    type=click.Choice(get_args(MetadataType)),
    help="What the property holds: numbers are float64, of strings the first 64 bytes count.",
)
@with_target
def create(target: Target, name: str, property_name: str, kind: MetadataType) -> None:
    """Make a property filterable.

    At most 10 an index. Only vectors written afterwards are covered, as on Cloudflare
    (`--profile open` covers the older ones too).

    \b
    Example:
      vecinity create-metadata-index docs --property-name lang --type string
    """
    with target.open() as database:
        mutation = database.index(name).create_metadata_index(property_name, kind)
    say(f"'{property_name}' of index '{name}' can be filtered by ({kind}). Mutation {mutation}.")


@click.command("list-metadata-index", cls=Command)
@name_argument
@json_flag
@with_target
def list_(target: Target, name: str, as_json: bool) -> None:
    """List the filterable properties.

    \b
    Example:
      vecinity list-metadata-index docs
    """
    with target.open() as database:
        found = database.index(name).list_metadata_indexes()
    if as_json:
        say_json(wire.metadata_indexes(found)["metadataIndexes"])
    elif not found:
        warn(f"Index '{name}' has no metadata indexes: see `vecinity create-metadata-index -h`")
    else:
        say_table(["propertyName", "type"], [[each.property_name, each.type] for each in found])


@click.command("delete-metadata-index", cls=Command)
@name_argument
@property_option
@with_target
def delete(target: Target, name: str, property_name: str) -> None:
    """Make a property unfilterable.

    The vectors and their metadata stay as they are.

    \b
    Example:
      vecinity delete-metadata-index docs --property-name lang
    """
    with target.open() as database:
        mutation = database.index(name).delete_metadata_index(property_name)
    say(f"'{property_name}' of index '{name}' is no longer filterable. Mutation {mutation}.")
