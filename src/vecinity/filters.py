"""The filter language: JSON -> a checked tree of conditions. It knows nothing of storage.

    {"year": {"$gte": 1990, "$lt": 2000}, "kind": {"$in": ["film", "series"]}, "hidden": false}

Several keys mean "and"; dots mean nesting; a bare value means `$eq`. On one key only one lower and
one upper bound may stand together (contract.md section c, Filter language).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from vecinity.errors import InvalidFilter
from vecinity.limits import Limits
from vecinity.model import to_json

Scalar: TypeAlias = str | float | bool | None
"""A value to compare with; numbers are always float, never int."""


@dataclass(frozen=True, slots=True)
class AnyOf:
    """`$eq`, `$in` and, negated, `$ne`, `$nin`: the property is one of `values`.

    None stands for "absent or null".
    """

    property_name: str
    values: tuple[Scalar, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a range."""

    value: str | float
    inclusive: bool


@dataclass(frozen=True, slots=True)
class Range:
    """`$gt`, `$gte`, `$lt`, `$lte`: at least one end; both ends are of one type.

    Strings compare as UTF-8 bytes.
    """

    property_name: str
    low: Bound | None
    high: Bound | None


Condition: TypeAlias = AnyOf | Range


@dataclass(frozen=True, slots=True)
class Filter:
    """A checked filter: all `conditions` hold. `json` is the mapping it was read from."""

    conditions: tuple[Condition, ...]
    json: Mapping[str, Any]


_LOWER = {"$gt": False, "$gte": True}
_UPPER = {"$lt": False, "$lte": True}


def parse_filter(json: object, limits: Limits) -> Filter:
    """Check `json`, as decoded from a request, and return its conditions.

    Raises:
        InvalidFilter: 40022, with the first thing that is wrong.
    """
    if not isinstance(json, Mapping):
        raise InvalidFilter("must be an object")
    if not json:
        raise InvalidFilter("must not be empty")
    if not all(isinstance(key, str) for key in json):
        raise InvalidFilter("keys must be strings")
    try:
        size = len(to_json(json))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidFilter("must be JSON") from error
    if size > limits.filter_bytes:
        raise InvalidFilter(
            f"its compact JSON must be smaller than {limits.filter_bytes + 1} bytes, got {size}"
        )
    conditions = tuple(_condition(key, value, limits) for key, value in json.items())
    return Filter(conditions, dict(json))


def check_property_name(name: str, max_chars: int) -> str | None:
    """What is wrong with the name of a property, in a filter or a metadata index; else None."""
    if not name:
        return "a property name must not be empty"
    if len(name) > max_chars:
        return f"a property name must not exceed {max_chars} characters, got {len(name)}"
    if any("\ud800" <= character <= "\udfff" for character in name):
        return f"property name {name!r} holds a lone surrogate, which is no character"
    if '"' in name:
        return f"property name {name!r} must not contain a double quote"
    for part in name.split("."):
        if not part:
            return f"property name {name!r} has an empty part"
        if part.startswith("$"):
            return f"property name {name!r} must not start with $"
    return None


def _condition(key: str, value: object, limits: Limits) -> Condition:
    if wrong := check_property_name(key, limits.filter_key_chars):
        raise InvalidFilter(wrong)
    if isinstance(value, Mapping):
        return _operators(key, value)
    return AnyOf(key, (_scalar(key, value),))


def _operators(key: str, operators: Mapping[str, Any]) -> Condition:
    if not operators:
        raise InvalidFilter(f'"{key}" has an empty object')
    for operator in operators:
        if operator not in _LOWER and operator not in _UPPER and operator not in _SETS:
            raise InvalidFilter(f'"{key}" has an unknown operator "{operator}"')
    if len(operators) == 1:
        [(operator, value)] = operators.items()
        if operator in _SETS:
            return _any_of(key, operator, value)
    lowers = [name for name in operators if name in _LOWER]
    uppers = [name for name in operators if name in _UPPER]
    if len(lowers) > 1 or len(uppers) > 1 or len(lowers) + len(uppers) < len(operators):
        raise InvalidFilter(
            f'"{key}" may combine only one of $gt, $gte with one of $lt, $lte, '
            f"got {', '.join(operators)}"
        )
    low = Bound(_bound(key, operators[lowers[0]]), _LOWER[lowers[0]]) if lowers else None
    high = Bound(_bound(key, operators[uppers[0]]), _UPPER[uppers[0]]) if uppers else None
    if low and high and isinstance(low.value, str) != isinstance(high.value, str):
        raise InvalidFilter(f'"{key}" mixes a string and a number in one range')
    return Range(key, low, high)


_SETS = {"$eq": False, "$ne": True, "$in": False, "$nin": True}


def _any_of(key: str, operator: str, value: object) -> AnyOf:
    negated = _SETS[operator]
    if operator in ("$eq", "$ne"):
        return AnyOf(key, (_scalar(key, value),), negated)
    if not isinstance(value, list | tuple):
        raise InvalidFilter(f'"{key}": {operator} takes an array')
    return AnyOf(key, tuple(_scalar(key, item) for item in value), negated)


def _scalar(key: str, value: object) -> Scalar:
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int | float):
        return _number(key, value)
    raise InvalidFilter(f'"{key}" takes a string, a number, a boolean or null')


def _bound(key: str, value: object) -> str | float:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(key, value)
    raise InvalidFilter(f'"{key}": a range takes a string or a number')


def _number(key: str, value: float) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InvalidFilter(f'"{key}": a number must be finite')
    return number
