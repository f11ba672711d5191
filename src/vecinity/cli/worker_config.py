"""`vecinity worker-config`: the configuration that binds a Worker to a local index."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import click

import vecinity
from vecinity.cli.command import Command
from vecinity.cli.output import say, warn
from vecinity.cli.serve import DEFAULT_PORT
from vecinity.cli.snippets import FORMATS, WorkerTarget
from vecinity.errors import InvalidName
from vecinity.limits import CLOUDFLARE
from vecinity.schema import check_index_name

_DEFAULTS = {"url": f"http://127.0.0.1:{DEFAULT_PORT}", "account": "local", "token": "local"}
"""What the plugin assumes (npm/index.mjs)."""

_NPM_FOLDER = Path(vecinity.__file__).parent / "npm"


def _checked_index(ctx: click.Context, param: click.Parameter, value: str) -> str:
    try:
        check_index_name(value, CLOUDFLARE)
    except InvalidName as error:
        raise click.BadParameter(error.message) from error
    return value


def _checked_binding(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_$][A-Za-z0-9_$]*", value):
        raise click.BadParameter("a binding's name is a JavaScript identifier, such as INDEX")
    return value


def _checked_url(ctx: click.Context, param: click.Parameter, value: str) -> str:
    found = urlsplit(value)
    if found.scheme not in ("http", "https") or not found.hostname or found.path.strip("/"):
        raise click.BadParameter(f"must be like {_DEFAULTS['url']}, got {value}")
    return f"{found.scheme}://{found.netloc}"


@click.command("worker-config", cls=Command)
@click.option("--index", required=True, callback=_checked_index, help="The index to bind.")
@click.option(
    "--binding",
    default="VECTORIZE",
    show_default=True,
    callback=_checked_binding,
    metavar="NAME",
    help="The binding's name: the Worker sees env.NAME.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="jsonc",
    show_default=True,
    help="jsonc, toml: wrangler's files, also for vite and vitest. miniflare: its options. "
    "capnp: workerd by itself.",
)
@click.option(
    "--url",
    envvar="VECINITY_URL",
    default=_DEFAULTS["url"],
    show_default=True,
    show_envvar=True,
    callback=_checked_url,
    metavar="URL",
    help="The server's address.",
)
@click.option(
    "--account",
    envvar="VECINITY_ACCOUNT",
    default=_DEFAULTS["account"],
    show_default=True,
    show_envvar=True,
    metavar="ID",
    help="The account on the server.",
)
@click.option(
    "--token",
    default=_DEFAULTS["token"],
    show_default=True,
    metavar="TEXT",
    help="The server's token, for miniflare and capnp. wrangler's files get none: there the "
    "plugin takes the environment variable VECINITY_TOKEN.",
)
@click.option(
    "--plugin",
    default=str(_NPM_FOLDER / "index.mjs"),
    metavar="PACKAGE",
    show_default="the file in this installation",
    help="How wrangler finds the plugin: a path, or the npm package vecinity.",
)
def worker_config(
    index: str, binding: str, form: str, url: str, account: str, token: str, plugin: str
) -> None:
    """Print what binds a Worker to a local index.

    Nothing is contacted or changed: paste what is printed where its first line says.

    \b
    Example:
      vecinity worker-config --index docs --binding PROD_SEARCH
    """
    given = {"url": url, "account": account}
    options = {name: value for name, value in given.items() if value != _DEFAULTS[name]}
    say(FORMATS[form](WorkerTarget(binding, index, url, account, token, plugin, options)))
    if form in ("jsonc", "toml") and Path(plugin).is_absolute():
        warn(
            "\nThe plugin's path is this machine's. To share the file:\n"
            f"  npm install --save-dev {_NPM_FOLDER}\n"
            "  vecinity worker-config ... --plugin vecinity"
        )
