"""Which database a command talks to: a server's, or one of this process.

Only the command line reads the environment; everything below it is told.
"""

from __future__ import annotations

import functools
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

import vecinity
from vecinity.cli.command import TARGET_FLAGS, Failure
from vecinity.errors import CannotOpen

if TYPE_CHECKING:
    from vecinity.limits import Profile

DEFAULT_DATA = ".vecinity"


@dataclass(frozen=True, slots=True)
class Target:
    """A server if `url` is set, else the directory `data`."""

    url: str | None
    token: str
    account: str
    data: str
    profile: Profile

    def open(self) -> vecinity.Database:
        """The database. Raises Failure if the directory can't be used."""
        if self.url is not None:
            return vecinity.connect(self.url, token=self.token, account=self.account)
        from vecinity.local.files import DirectoryInUse

        try:
            return vecinity.open(self.data, profile=self.profile)
        except DirectoryInUse as error:
            raise Failure(f"{error}\nWith a running server, use --url http://HOST:PORT") from error
        except (CannotOpen, OSError) as error:
            raise Failure(f"cannot open the data directory {self.data}: {error}") from error

    def flags(self) -> str:
        """What to add to a command so that it has this target, without the token."""
        if self.url is not None:
            return shlex.join(["--url", self.url, "--account", self.account])
        return shlex.join(["--data", self.data])


def with_target(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a target; `function` gets the Target as `target`."""

    @functools.wraps(function)
    def command(**given: Any) -> None:
        options = {flag[2:]: given.pop(flag[2:]) for flag in TARGET_FLAGS}
        function(target=_target(options), **given)

    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option(
        "--url",
        envvar="VECINITY_URL",
        metavar="URL",
        help="Talk to the server at this address, such as http://127.0.0.1:8328.",
        show_envvar=True,
    ),
    click.option(
        "--token",
        envvar="VECINITY_TOKEN",
        default="local",
        metavar="TEXT",
        help="The server's API token; any text if it was started without one.",
        show_envvar=True,
    ),
    click.option(
        "--account",
        envvar="VECINITY_ACCOUNT",
        default="local",
        metavar="ID",
        show_default=True,
        help="The account on the server, at most 32 characters.",
        show_envvar=True,
    ),
    click.option(
        "--data",
        envvar="VECINITY_DATA",
        metavar="DIR",
        show_default=DEFAULT_DATA,
        help="Use this directory without a server.",
        show_envvar=True,
    ),
    click.option(
        "--profile",
        envvar="VECINITY_PROFILE",
        type=click.Choice(["cloudflare", "open"]),
        default="cloudflare",
        show_default=True,
        help="With --data: keep Cloudflare's limits, or lift them.",
        show_envvar=True,
    ),
)


def _target(options: dict[str, Any]) -> Target:
    typed = _typed("url"), _typed("data")
    if all(typed):
        raise click.UsageError("--url and --data name two databases: give one of them.")
    if typed == (False, True):
        options["url"] = None  # what is typed wins over the environment
    options["data"] = options["data"] or DEFAULT_DATA
    return Target(**options)


def _typed(name: str) -> bool:
    source = click.get_current_context().get_parameter_source(name)
    return source is ParameterSource.COMMANDLINE
