"""A namespace, or the condition of a filter, becomes the bitmap of the rows that it selects.

Columns only ever learn of births. What a bitmap holds beyond a snapshot's rows, or of dead rows, is
cut away by the snapshot's own bitmap of live rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np
from pyroaring import BitMap

from vecinity.filters import Bound, Condition, Range, Scalar
from vecinity.local.column_runs import Run, Sizes
from vecinity.local.column_values import Values
from vecinity.local.store import StoredMetadataIndex
from vecinity.model import MetadataType

MISSING = object()
"""What `lookup` finds where nothing is; no JSON value equals it."""

_NOTHING = {type(None), type(MISSING)}
_TYPES: dict[MetadataType, set[type]] = {
    "string": {str},
    "number": {int, float},
    "boolean": {bool},
}


class NamespaceColumn:
    """Which rows were born into each namespace.

    `len` and `in` are for the thread that adds.
    """

    def __init__(self, sizes: Sizes, first: int = 0, runs: Sequence[Run] = ()) -> None:
        self.values = Values(sizes, first, runs)
        self._names: set[bytes] | None = None

    @property
    def at_most(self) -> int:
        """A bound of the number of namespaces, known without counting."""
        return self.values.most_distinct()

    def __len__(self) -> int:
        return len(self._distinct())

    def __contains__(self, namespace: str) -> bool:
        return namespace.encode() in self._distinct()

    def add(self, end: int, rows: Sequence[int], names: Iterable[str], *, many: bool) -> None:
        """Learn of (row, namespace) born, all before the row `end`."""
        keys = list(map(str.encode, names))
        if self._names is not None:
            self._names.update(keys)
        _learn(self.values, end, rows, keys, rows, many=many)

    def rows(self, namespace: str) -> BitMap:
        return self.values.equal(namespace.encode())

    def _distinct(self) -> set[bytes]:
        # most indexes are far from the limit of namespaces and never count them
        if self._names is None:
            self._names = self.values.distinct()
        return self._names


class MetadataColumn:
    """The values of one property in the rows that its metadata index covers.

    Args:
        index: the metadata index; rows below its `first_row` match nothing.
        string_bytes: how much of a string is indexed and compared.
        first: the first row that it will learn of.
        runs: what it knows already of rows before `first`.
    """

    def __init__(
        self,
        index: StoredMetadataIndex,
        string_bytes: int,
        sizes: Sizes,
        first: int = 0,
        runs: Sequence[Run] = (),
    ) -> None:
        self.index = index
        self.values = Values(sizes, first, runs)
        self._path = index.property_name.split(".")
        self._string_bytes = string_bytes

    @property
    def top(self) -> str:
        """The property at the top of metadata that this one is, or is inside of."""
        return self._path[0]

    def add(self, end: int, rows: Sequence[int], tops: Sequence[Any], *, many: bool) -> None:
        """Learn of rows born, all before `end`; rows before the index are passed over.

        Args:
            tops: what each row has at `top`, or None.
            many: make a run of them at once; there must be no tail then.
        """
        first_row = self.index.first_row
        inside = self._path[1:]
        values = [_inside(top, inside) for top in tops] if inside else tops
        types = set(map(type, values))
        if types & _NOTHING or (rows and rows[0] < first_row):
            held = [
                (row, value)
                for row, value in zip(rows, values, strict=True)
                if row >= first_row and value is not None and value is not MISSING
            ]
            rows = [row for row, _ in held]
            values = [value for _, value in held]
        present = rows
        wanted = _TYPES[self.index.type]
        if types - _NOTHING - wanted:
            rows = [row for row, value in zip(rows, values, strict=True) if type(value) in wanted]
            values = [value for value in values if type(value) in wanted]
        keys = index_keys(values, self.index.type, self._string_bytes)
        _learn(self.values, end, present, keys, rows, many=many)

    def select(self, condition: Condition, live: BitMap) -> BitMap:
        """The rows of `live` that meet `condition`."""
        first_row = self.index.first_row
        covered = live if first_row == 0 else live & BitMap(range(first_row, _end(live)))
        if not covered:
            return covered
        start = covered.min()
        if isinstance(condition, Range):
            return covered & self._in_range(condition, start)
        equal = (self._equal(value, covered, start) for value in condition.values)
        selected = BitMap.union(BitMap(), *equal)
        return covered - selected if condition.negated else covered & selected

    @property
    def _present(self) -> BitMap:
        return self.values.present()

    def _equal(self, value: Scalar, covered: BitMap, start: int) -> BitMap:
        if value is None:
            return covered - self.values.present(start)
        key = self._key(value)
        return BitMap() if key is None else self.values.equal(key, start)

    def _in_range(self, condition: Range, start: int) -> BitMap:
        low = self._edge(condition.low)
        high = self._edge(condition.high)
        if low is MISSING or high is MISSING:
            return BitMap()
        return self.values.between(low, high, start)

    def _edge(self, bound: Bound | None) -> Any:
        """The bound with its key; MISSING if no value of this type can be in such a range."""
        if bound is None:
            return None
        key = self._key(bound.value)
        return MISSING if key is None else (key, bound.inclusive)

    def _key(self, value: object) -> bytes | float | bool | None:
        return index_key(value, self.index.type, self._string_bytes)


def lookup(metadata: dict[str, Any], path: Sequence[str]) -> Any:
    """The value at `path`, or MISSING."""
    return _inside(metadata, path)


def _inside(value: Any, path: Sequence[str]) -> Any:
    for part in path:
        value = value.get(part, MISSING) if isinstance(value, dict) else MISSING
    return value


def indexed_only(
    row: int, metadata: bytes, indexes: Sequence[StoredMetadataIndex], string_bytes: int
) -> dict[str, Any]:
    """What the metadata indexes hold of a row, nested as in its metadata, strings cut."""
    decoded = msgspec.json.decode(metadata)
    kept: dict[str, Any] = {}
    for index in indexes:
        path = index.property_name.split(".")
        value = lookup(decoded, path)
        key = index_key(value, index.type, string_bytes)
        if key is None or row < index.first_row:
            continue
        inner = kept
        for part in path[:-1]:
            inner = inner.setdefault(part, {})
        inner[path[-1]] = key.decode() if isinstance(key, bytes) else value
    return kept


def index_key(
    value: object, wanted: MetadataType, string_bytes: int
) -> bytes | float | bool | None:
    """`value` as a metadata index of type `wanted` compares it; None if it is of another type."""
    if wanted == "string":
        return cut_string(value, string_bytes) if isinstance(value, str) else None
    if wanted == "boolean":
        return value if isinstance(value, bool) else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _as_float(value)
    return None


def index_keys(values: Sequence[Any], wanted: MetadataType, string_bytes: int) -> Sequence[Any]:
    """The same for many values, all of the type `wanted`."""
    if wanted == "string":
        keys = list(map(str.encode, values))
        if keys and max(map(len, keys)) > string_bytes:
            return [cut_string(value, string_bytes) for value in values]
        return keys
    if wanted == "boolean":
        return values
    try:
        return list(map(float, values))
    except OverflowError:
        return [_as_float(value) for value in values]


def cut_string(text: str, max_bytes: int) -> bytes:
    """The first `max_bytes` bytes of `text` in UTF-8, cut back to a whole character."""
    encoded = text.encode()
    if len(encoded) <= max_bytes:
        return encoded
    return encoded[:max_bytes].decode(errors="ignore").encode()


def rows_of(bitmap: BitMap) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The row numbers of a bitmap, ascending."""
    return np.frombuffer(bitmap.to_array(), np.uint32).astype(np.int64)


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value)


def _end(live: BitMap) -> int:
    return int(live.max()) + 1 if live else 0


def _learn(
    values: Values,
    end: int,
    present: Sequence[int],
    keys: Sequence[Any],
    rows: Sequence[int],
    *,
    many: bool,
) -> None:
    if many:
        values.add_run(end, present, keys, rows)
    else:
        values.add(present, keys, rows)
