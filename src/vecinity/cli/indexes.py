"""Commands on indexes: create, list, get, info, delete."""

from __future__ import annotations

import click

from vecinity.cli.command import Command
from vecinity.cli.output import say, say_facts, say_json, say_table, warn, when
from vecinity.cli.target import Target, with_target
from vecinity.metric import Metric
from vecinity.model import PRESETS
from vecinity.server import wire

json_flag = click.option("--json", "as_json", is_flag=True, help="Print the API's JSON.")
name_argument = click.argument("name")


def _refuse_v1(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        raise click.UsageError("V1 indexes can be used over HTTP only; leave --deprecated-v1 out.")


no_v1 = click.option(
    "--deprecated-v1", is_flag=True, hidden=True, expose_value=False, callback=_refuse_v1
)


@click.command(cls=Command)
@name_argument
@click.option(
    "--dimensions",
    type=int,
    metavar="N",
    help="Values in each vector: 32 to 1536, or 1 to 8192 with --profile open.",
)
@click.option(
    "--metric",
    type=click.Choice([each.value for each in Metric]),
    help="The distance that scores are computed with.",
)
@click.option(
    "--preset",
    type=click.Choice([*PRESETS]),
    metavar="MODEL",
    help="An embedding model instead of dimensions and metric.",
)
@click.option("--description", metavar="TEXT", help="A text to remember the index by.")
@click.option(
    "--recall-target",
    type=float,
    metavar="SHARE",
    help="How many of the nearest its queries find, 0.9 to 1, which is exact.",
)
@click.option(
    "--binding",
    default="VECTORIZE",
    metavar="NAME",
    show_default=True,
    help="The binding's name in the printed wrangler configuration.",
)
@click.option("--use-remote", is_flag=True, hidden=True, expose_value=False)
@click.option("--update-config", is_flag=True, hidden=True, expose_value=False)
@no_v1
@json_flag
@with_target
def create(
    target: Target,
    name: str,
    dimensions: int | None,
    metric: str | None,
    preset: str | None,
    description: str | None,
    recall_target: float | None,
    binding: str,
    as_json: bool,
) -> None:
    """Create an index.

    NAME is letters, digits, `_` and `-`, at most 64. Give dimensions and a metric, or a preset.
    Neither can be changed later.

    \b
    Presets:
      @cf/baai/bge-small-en-v1.5       384, cosine
      @cf/baai/bge-base-en-v1.5        768, cosine
      @cf/baai/bge-large-en-v1.5      1024, cosine
      openai/text-embedding-ada-002   1536, cosine
      cohere/embed-multilingual-v2.0   768, cosine

    \b
    Example:
      vecinity create docs --dimensions 384 --metric cosine
    """
    if preset is not None:
        dimensions = metric = None  # as wrangler does
    elif dimensions is None or metric is None:
        raise click.UsageError("Give both --dimensions and --metric, or a --preset.")
    with target.open() as database:
        made = database.create_index(
            name,
            dimensions=dimensions,
            metric=metric,
            preset=preset,
            description=description,
            recall_target=recall_target,
        )
    if as_json:
        say_json(wire.description(made))
        return
    say(f"Created index '{name}': {made.config.dimensions} dimensions, {made.config.metric}.")
    say(f"To run a Worker here: vecinity worker-config --index {name} --binding {binding}")
    say("To deploy a Worker, add to wrangler.jsonc:\n")
    say_json({"vectorize": [{"binding": binding, "index_name": name}]})


@click.command("list", cls=Command)
@no_v1
@json_flag
@with_target
def list_(target: Target, as_json: bool) -> None:
    """List the indexes.

    \b
    Example:
      vecinity list --url http://127.0.0.1:8328
    """
    with target.open() as database:
        found = database.list_indexes()
    if as_json:
        say_json([wire.description(each) for each in found])
    elif not found:
        warn("There are no indexes yet: `vecinity create NAME --dimensions N --metric cosine`")
    else:
        say_table(
            ["name", "dimensions", "metric", "description", "created"],
            [
                [
                    each.name,
                    str(each.config.dimensions),
                    each.config.metric,
                    each.description or "",
                    when(each.created_on),
                ]
                for each in found
            ],
        )


@click.command(cls=Command)
@name_argument
@no_v1
@json_flag
@with_target
def get(target: Target, name: str, as_json: bool) -> None:
    """Show an index: its configuration and times.

    \b
    Example:
      vecinity get docs
    """
    with target.open() as database:
        found = database.get_index(name)
    if as_json:
        say_json(wire.description(found))
        return
    target_of_its_own = found.config.recall_target
    say_facts(
        [
            ("name", found.name),
            ("dimensions", str(found.config.dimensions)),
            ("metric", found.config.metric),
            *([("recall target", f"{target_of_its_own:g}")] if target_of_its_own else []),
            ("description", found.description or ""),
            ("created", when(found.created_on)),
            ("modified", when(found.modified_on)),
        ]
    )


@click.command(cls=Command)
@name_argument
@json_flag
@with_target
def info(target: Target, name: str, as_json: bool) -> None:
    """Show how far an index is: vectors, last mutation.

    \b
    Example:
      vecinity info docs --json
    """
    with target.open() as database:
        found = database.index(name).describe()
    if as_json:
        say_json(wire.info(found))
        return
    say_facts(
        [
            ("dimensions", str(found.dimensions)),
            ("metric", found.metric),
            ("vectorCount", str(found.vector_count)),
            ("processedUpToMutation", found.processed_up_to_mutation or "-"),
            ("processedUpToDatetime", when(found.processed_up_to_datetime)),
        ]
    )


@click.command(cls=Command)
@name_argument
@click.option("--force", "-y", is_flag=True, help="Don't ask.")
@no_v1
@with_target
def delete(target: Target, name: str, force: bool) -> None:
    """Delete an index and all its vectors.

    Asks first, unless --force is given. There is no way back.

    \b
    Example:
      vecinity delete docs -y
    """
    if not force and not click.confirm(f"Delete the index '{name}' and all its vectors?"):
        say("Nothing was deleted.")
        return
    with target.open() as database:
        database.delete_index(name)
    say(f"Deleted index '{name}'.")
