"""Namespaces and metadata indexes as bitmaps of rows: a filter becomes the set of rows it selects.

Columns learn of births, and of deaths only when rows are buried. What a bitmap holds beyond a
snapshot's rows, or of dead rows, is cut away by the snapshot's own bitmap of live rows.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
from pyroaring import BitMap

from vecinity.filters import Bound, Condition, Range, Scalar
from vecinity.local.store import StoredMetadataIndex
from vecinity.model import MetadataType

_VALUES_A_PART = 1_000

MISSING = object()
"""What `lookup` finds where nothing is; no JSON value equals it."""


class NamespaceColumn:
    """Which rows were born into each namespace."""

    def __init__(self) -> None:
        self._rows: dict[str, BitMap] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, namespace: str) -> bool:
        return namespace in self._rows

    def add(self, row: int, namespace: str) -> None:
        rows = self._rows.get(namespace)
        if rows is None:
            rows = self._rows[namespace] = BitMap()
        rows.add(row)

    def forget(self, rows: BitMap) -> Iterator[bool]:
        """See `Columns.forget`."""
        return _forget(self._rows, rows)

    def rows(self, namespace: str) -> BitMap:
        return self._rows.get(namespace, BitMap())


class MetadataColumn:
    """The values of one property in the rows that its metadata index covers.

    Args:
        index: the metadata index; rows below its `first_row` match nothing.
        string_bytes: how much of a string is indexed and compared.
    """

    def __init__(self, index: StoredMetadataIndex, string_bytes: int) -> None:
        self.index = index
        self._path = index.property_name.split(".")
        self._string_bytes = string_bytes
        self._present = BitMap()
        self._by_value: dict[bytes | float | bool, BitMap] = {}
        self._sorted: list[Any] | None = None

    def add(self, rows: Iterable[tuple[int, dict[str, Any]]]) -> None:
        """Learn of (row, metadata) born; rows before the metadata index are passed over."""
        first_row = self.index.first_row
        by_value = self._by_value
        present = []
        for row, metadata in rows:
            value = lookup(metadata, self._path)
            if value is None or value is MISSING or row < first_row:
                continue
            present.append(row)
            key = self._key(value)
            if key is None:
                continue
            found = by_value.get(key)
            if found is None:
                found = by_value[key] = BitMap()
                self._sorted = None
            found.add(row)
        self._present.update(present)

    def forget(self, rows: BitMap) -> Iterator[bool]:
        """See `Columns.forget`."""
        self._present -= rows
        for more in _forget(self._by_value, rows):
            self._sorted = None
            yield more

    def select(self, condition: Condition, live: BitMap) -> BitMap:
        """The rows of `live` that meet `condition`."""
        first_row = self.index.first_row
        covered = live if first_row == 0 else live & BitMap(range(first_row, _end(live)))
        if isinstance(condition, Range):
            return covered & self._in_range(condition)
        selected = BitMap.union(BitMap(), *(self._equal(v, covered) for v in condition.values))
        return covered - selected if condition.negated else covered & selected

    def _equal(self, value: Scalar, covered: BitMap) -> BitMap:
        if value is None:
            return covered - self._present
        key = self._key(value)
        return BitMap() if key is None else self._by_value.get(key, BitMap())

    def _in_range(self, condition: Range) -> BitMap:
        low = self._bound(condition.low)
        high = self._bound(condition.high)
        if low is MISSING or high is MISSING:
            return BitMap()
        if self._sorted is None:
            self._sorted = sorted(self._by_value)
        values = self._sorted
        start, end = 0, len(values)
        if condition.low is not None:
            find = bisect.bisect_left if condition.low.inclusive else bisect.bisect_right
            start = find(values, low)
        if condition.high is not None:
            find = bisect.bisect_right if condition.high.inclusive else bisect.bisect_left
            end = find(values, high)
        return BitMap.union(BitMap(), *(self._by_value[value] for value in values[start:end]))

    def _bound(self, bound: Bound | None) -> Any:
        """The bound as a key; MISSING if no value of this column's type can be in such a range."""
        if bound is None:
            return None
        key = self._key(bound.value)
        return MISSING if key is None else key

    def _key(self, value: object) -> bytes | float | bool | None:
        return index_key(value, self.index.type, self._string_bytes)


class Columns:
    """All columns of an index. Not safe for threads: its owner holds a lock."""

    def __init__(self, string_bytes: int) -> None:
        self.namespaces = NamespaceColumn()
        self._string_bytes = string_bytes
        self._metadata: dict[int, MetadataColumn] = {}

    def column(self, index: StoredMetadataIndex) -> MetadataColumn:
        """A new empty column for `index`, which is used from `attach` on."""
        return MetadataColumn(index, self._string_bytes)

    def attach(self, column: MetadataColumn) -> None:
        self._metadata[column.index.created] = column

    def drop(self, created: int) -> None:
        del self._metadata[created]

    def born(
        self, first_row: int, namespaces: Sequence[str | None], metadata: Sequence[bytes | None]
    ) -> None:
        """Learn of new rows, from `first_row` on."""
        for row, namespace in enumerate(namespaces, first_row):
            if namespace is not None:
                self.namespaces.add(row, namespace)
        if not self._metadata:
            return
        decoded = [
            (row, msgspec.json.decode(encoded))
            for row, encoded in enumerate(metadata, first_row)
            if encoded is not None
        ]
        for column in self._metadata.values():
            column.add(decoded)

    def forget(self, rows: BitMap) -> Iterator[bool]:
        """Drop `rows`, which no snapshot has any more: each item of the iterator drops a part."""
        yield from self.namespaces.forget(rows)
        for column in list(self._metadata.values()):
            yield from column.forget(rows)

    def select(
        self, conditions: Iterable[Condition], indexes: Sequence[StoredMetadataIndex], live: BitMap
    ) -> BitMap:
        """The rows of `live` that meet all conditions; a property without an index meets none."""
        by_property = {index.property_name: index.created for index in indexes}
        for condition in conditions:
            created = by_property.get(condition.property_name)
            column = None if created is None else self._metadata.get(created)
            if column is None:
                return BitMap()
            live = column.select(condition, live)
        return live


def lookup(metadata: dict[str, Any], path: Sequence[str]) -> Any:
    """The value at `path`, or MISSING."""
    value: Any = metadata.get(path[0], MISSING)
    for part in path[1:]:
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


def cut_string(text: str, max_bytes: int) -> bytes:
    """The first `max_bytes` bytes of `text` in UTF-8, cut back to a whole character."""
    encoded = text.encode()
    if len(encoded) <= max_bytes:
        return encoded
    return encoded[:max_bytes].decode(errors="ignore").encode()


def rows_of(bitmap: BitMap) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The row numbers of a bitmap, ascending."""
    return np.frombuffer(bitmap.to_array(), np.uint32).astype(np.int64)


def _forget(by_value: dict[Any, BitMap], rows: BitMap) -> Iterator[bool]:
    values = list(by_value)
    for start in range(0, len(values), _VALUES_A_PART):
        for value in values[start : start + _VALUES_A_PART]:
            by_value[value] -= rows
            if not by_value[value]:
                del by_value[value]
        yield True


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value)


def _end(live: BitMap) -> int:
    return int(live.max()) + 1 if live else 0
