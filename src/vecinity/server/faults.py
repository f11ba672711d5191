"""Errors on purpose, to test how clients retry: what `--fail` says, and when it strikes."""

from __future__ import annotations

import inspect
import math
import random
from dataclasses import dataclass, field, fields

from vecinity.errors import VectorizeError, by_code
from vecinity.server import operations

_ERRORS = {code: error for code, error in sorted(by_code().items()) if code}


class InvalidFault(ValueError):
    """A description of a fault that is none; the text says why and what is allowed."""


@dataclass(slots=True)
class Fault:
    """Fails a share of the calls, before they do anything.

    With a seed, the same calls in the same order fail each time.

    Attributes:
        rate: from 0 (no call) to 1 (every call).
        code: of the error, which comes with its own status and text.
        operation: the one that fails, by its function's name in `operations`; None means all.
    """

    rate: float
    code: int
    operation: str | None = None
    seed: int | None = None
    _random: random.Random = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def strikes(self, operation: str) -> bool:
        """Whether this call of `operation` fails. Safe for threads."""
        return self.operation in (None, operation) and self._random.random() < self.rate

    def error(self) -> VectorizeError:
        """The error as the API answers it; what depends on a request stands there as `<name>`."""
        known = _ERRORS[self.code]
        names = [each.name for each in _required(known)]
        text = known(*(f"<{name}>" for name in names)).message
        return known.of(text).with_detail("failed on purpose (--fail)")

    def __str__(self) -> str:
        """In words, for people."""
        share = f"{self.rate:.6%}".rstrip("%").rstrip("0").rstrip(".")
        what = self.operation or "all operations"
        return f"{share}% of {what} with code {self.code}, status {_ERRORS[self.code].status}"


def parse(text: str) -> Fault:
    """The fault that `rate=...,code=...[,operation=...][,seed=...]` describes.

    Raises:
        InvalidFault
    """
    members = _members(text)
    for name in ("rate", "code"):
        if name not in members:
            raise InvalidFault(f"{name} is missing, as in rate=0.01,code=40041")
    return Fault(
        _rate(members["rate"]),
        _code(members["code"]),
        _operation(members["operation"]) if "operation" in members else None,
        _whole("seed", members["seed"]) if "seed" in members else None,
    )


def _members(text: str) -> dict[str, str]:
    known = [each.name for each in fields(Fault) if each.init]
    members: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise InvalidFault(f'"{part}" is not of the form key=value')
        if name not in known:
            raise InvalidFault(f'unknown key "{name}"; known are {", ".join(known)}')
        if name in members:
            raise InvalidFault(f"{name} is given twice")
        members[name] = value
    return members


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0 <= rate <= 1:
        raise InvalidFault(f'rate must be a number from 0 to 1, got "{text}"')
    return rate


def _code(text: str) -> int:
    if text not in map(str, _ERRORS):
        raise InvalidFault(f'unknown code "{text}"; known are {", ".join(map(str, _ERRORS))}')
    return int(text)


def _operation(text: str) -> str:
    if text not in operations.NAMES:
        known = ", ".join(operations.NAMES)
        raise InvalidFault(f'unknown operation "{text}"; known are {known}')
    return text


def _whole(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InvalidFault(f'{name} must be a whole number, got "{text}"') from None


def _required(error: type[VectorizeError]) -> list[inspect.Parameter]:
    """The arguments without which an error of this class can't be made."""
    parameters = inspect.signature(error).parameters.values()
    return [each for each in parameters if each.default is inspect.Parameter.empty]
