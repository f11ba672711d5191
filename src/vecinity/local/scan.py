"""Filters without metadata indexes: the metadata of each candidate row is read and looked at.

This is how the legacy V1 API filters, on any property and at most 200,000 vectors. Strings are
compared whole.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import msgspec
from pyroaring import BitMap

from vecinity.filters import AnyOf, Bound, Condition, Range
from vecinity.limits import UNLIMITED
from vecinity.local import store
from vecinity.local.columns import MISSING, index_key, lookup
from vecinity.model import MetadataType

_Key: TypeAlias = tuple[str, Any]
_Test: TypeAlias = Callable[[_Key], bool]

_TYPES: dict[type, MetadataType] = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
}
_ABSENT: _Key = ("null", None)
_OTHER: _Key = ("array or object", None)


def meeting(
    connection: sqlite3.Connection, candidates: BitMap, conditions: Sequence[Condition]
) -> BitMap:
    """The rows of `candidates` whose metadata meets all conditions.

    What a condition means is the same as with a metadata index: an absent property is null, and a
    value of another type is equal to nothing (settled.md, Filters).
    """
    if not candidates:
        return candidates
    tests = [(condition.property_name.split("."), _test(condition)) for condition in conditions]

    def meets(metadata: dict[str, Any]) -> bool:
        return all(test(_key(lookup(metadata, path))) for path, test in tests)

    seen, kept = [], []
    for row, encoded in store.metadata(connection, candidates.min(), candidates.max() + 1):
        if row in candidates:
            seen.append(row)
            if meets(msgspec.json.decode(encoded)):
                kept.append(row)
    found = BitMap(kept)
    return found | (candidates - BitMap(seen)) if meets({}) else found


def _test(condition: Condition) -> _Test:
    if isinstance(condition, Range):
        return _in_range(condition)
    return _any_of(condition)


def _any_of(condition: AnyOf) -> _Test:
    wanted = frozenset(_key(value) for value in condition.values)
    if condition.negated:
        return lambda key: key not in wanted
    return lambda key: key in wanted


def _in_range(condition: Range) -> _Test:
    low, high = condition.low, condition.high

    def test(key: _Key) -> bool:
        return (low is None or _beyond(low, key, above=True)) and (
            high is None or _beyond(high, key, above=False)
        )

    return test


def _beyond(bound: Bound, key: _Key, *, above: bool) -> bool:
    """Whether a value is on the right side of a range's end; one of another type never is."""
    kind, end = _key(bound.value)
    if key[0] != kind:
        return False
    if key[1] == end:
        return bound.inclusive
    return bool(key[1] > end) if above else bool(key[1] < end)


def _key(value: object) -> _Key:
    """`value` as it is compared: its type, and bytes, a float or a boolean."""
    if value is None or value is MISSING:
        return _ABSENT
    kind = _TYPES.get(type(value))
    return (kind, index_key(value, kind, UNLIMITED)) if kind else _OTHER
