"""How a command reads its arguments and reports failures.

wrangler's parser (yargs) takes three things that click does not: `--topK` for `--top-k`, lists
without commas (`--ids a b c`, `--vector 1 -2 3e-4`), and `true` or `false` after a flag. They are
rewritten here into what click takes.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Any

import click

from vecinity.errors import VectorizeError

TARGET_FLAGS = ("--url", "--token", "--account", "--data", "--profile")
"""The options that say which database; they may also stand before the command."""

_NEGATIVE = re.compile(r"-\.?\d")


class Failure(click.ClickException):
    """Ends the command with exit status 1 and a text on stderr."""

    def show(self, file: Any = None) -> None:
        click.echo(self.message, err=True)

    @classmethod
    def of(cls, error: VectorizeError, where: str = "") -> Failure:
        """The API's text and code, as wrangler prints them; then the details, a line each."""
        text = f"{error.message} [code: {error.code}]" if error.code else error.message
        return cls("\n".join(filter(None, [text, error.detail, where])))


class Many(click.Option):
    """An option that takes all values up to the next option."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **{**attributes, "multiple": True})

    def takes(self, token: str) -> bool:
        """Whether `token` belongs to the list."""
        if self.type is not click.FLOAT:
            return not token.startswith("-") or bool(_NEGATIVE.match(token))
        try:
            float(token)
        except ValueError:
            return False
        return True


class Command(click.Command):
    """A command that reads its arguments as wrangler does and shows the API's errors."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, _Rewriter(self.get_params(ctx)).rewrite(args))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Options": [], "Which database": []}
        for param in self.get_params(ctx):
            title = "Which database" if f"--{param.name}" in TARGET_FLAGS else "Options"
            record = param.get_help_record(ctx)
            if record and isinstance(param, click.Option):
                sections[title].append(record)
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except VectorizeError as error:
            raise Failure.of(error) from error


class _Rewriter:
    def __init__(self, params: list[click.Parameter]) -> None:
        options = [param for param in params if isinstance(param, click.Option)]
        self._options = {name: option for option in options for name in option.opts}
        self._flags: dict[str, bool] = {}
        self._out: list[str] = []

    def rewrite(self, args: list[str]) -> list[str]:
        rest = deque(args)
        while rest:
            token = rest.popleft()
            if token == "--":
                self._out += [token, *rest]
                break
            name, equals, value = token.partition("=")
            self._take(token, _kebab(name), value if equals else None, rest)
        return [name for name, on in self._flags.items() if on] + self._out

    def _take(self, token: str, name: str, value: str | None, rest: deque[str]) -> None:
        option = self._options.get(name)
        if isinstance(option, Many):
            self._many(option, name, value, rest)
        elif option is not None and option.is_flag and value in (None, "true", "false"):
            self._flag(name, value, rest)
        elif option is not None and not option.is_flag:
            self._out.append(name if value is None else f"{name}={value}")
            if value is None and rest:
                self._out.append(rest.popleft())  # its value, even if it looks like an option
        elif name.startswith("--no-") and self._is_flag("--" + name[5:]) and value is None:
            self._flags["--" + name[5:]] = False
        else:
            self._out.append(token)

    def _many(self, option: Many, name: str, value: str | None, rest: deque[str]) -> None:
        values = [] if value is None else [value]
        while rest and option.takes(rest[0]):
            values.append(rest.popleft())
        if not values:
            why = f"Option '{name}' needs at least one value."
            if rest and not rest[0].startswith("-"):
                why = f"Option '{name}' takes values one after another, not '{rest[0]}'."
            raise click.BadOptionUsage(name, why)
        self._out += [f"{name}={item}" for item in values]

    def _flag(self, name: str, value: str | None, rest: deque[str]) -> None:
        if value is None and rest and rest[0] in ("true", "false"):
            value = rest.popleft()
        self._flags[name] = value != "false"

    def _is_flag(self, name: str) -> bool:
        return name in self._options and self._options[name].is_flag


def _kebab(name: str) -> str:
    """`--topK` as `--top-k`; anything but a long option stays as it is."""
    if not name.startswith("--"):
        return name
    return re.sub("(?<=[a-z])[A-Z]", lambda found: "-" + found[0].lower(), name)
