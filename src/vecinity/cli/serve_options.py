"""Values of `vecinity serve`'s options that are more than words: durations, faults, addresses."""

from __future__ import annotations

import re

import click

from vecinity.server.faults import Fault, InvalidFault, parse

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "": 1.0}
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)\s*(ms|s|m|)")
_MOST_SECONDS = 86_400
_MOST_PORT = 65_535


def duration(ctx: click.Context, param: click.Parameter, value: str) -> float:
    """`2s`, `500ms`, `1m` or plain seconds, as seconds.

    Raises:
        BadParameter: it is none, or more than a day.
    """
    found = _DURATION.fullmatch(value)
    if not found:
        raise click.BadParameter(f"{value!r} is no duration such as 2s, 500ms, 1m or 1.5.")
    seconds = float(found[1]) * _SECONDS[found[2]]
    if seconds > _MOST_SECONDS:
        raise click.BadParameter(f"{value!r} is more than a day.")
    return seconds


def faults(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[Fault, ...]:
    """Each a fault as `faults.parse` reads it.

    Raises:
        BadParameter: in its words.
    """
    try:
        return tuple(parse(text) for text in value)
    except InvalidFault as error:
        raise click.BadParameter(f"{error}.") from error


def address(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, int]:
    """`HOST:PORT`, an IPv6 host in brackets.

    Raises:
        BadParameter
    """
    host, _, port = value.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or int(port) > _MOST_PORT:
        raise click.BadParameter(f"{value!r} is no address such as 127.0.0.1:443.")
    return host, int(port)
