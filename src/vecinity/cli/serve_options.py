"""Values of `vecinity serve`'s options that are more than words: durations and faults."""

from __future__ import annotations

import re

import click

from vecinity.server.faults import Fault, InvalidFault, parse

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "": 1.0}
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)\s*(ms|s|m|)")
_MOST_SECONDS = 86_400


class Duration(click.ParamType[float]):
    """`2s`, `500ms`, `1m` or plain seconds, as seconds."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Refuses what is none, and more than a day."""
        if isinstance(value, float):
            return value
        found = _DURATION.fullmatch(str(value))
        if not found:
            self.fail(f"{value!r} is no duration such as 2s, 500ms, 1m or 1.5.", param, ctx)
        seconds = float(found[1]) * _SECONDS[found[2]]
        if seconds > _MOST_SECONDS:
            self.fail(f"{value!r} is more than a day.", param, ctx)
        return seconds


class FaultType(click.ParamType[Fault]):
    """`rate=0.01,code=40041[,operation=query][,seed=7]`."""

    name = "fault"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Fault:
        """Refuses what `faults.parse` refuses, in its words."""
        if isinstance(value, Fault):
            return value
        try:
            return parse(str(value))
        except InvalidFault as error:
            self.fail(f"{error}.", param, ctx)
