"""All columns of an index: rows are born into them, filters select from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyroaring import BitMap

from vecinity.filters import Condition
from vecinity.local.column_runs import Run, Sizes
from vecinity.local.columns import MetadataColumn, NamespaceColumn
from vecinity.local.properties import Properties
from vecinity.local.recent import RecentFilters
from vecinity.local.store import StoredMetadataIndex


class Columns:
    """All columns of an index. One thread changes them, any thread selects.

    Args:
        string_bytes: how much of a string is indexed.
        rows: the rows that `namespaces` and what is attached know of already.
    """

    def __init__(
        self,
        string_bytes: int,
        sizes: Sizes,
        rows: int = 0,
        namespaces: Sequence[Run] = (),
    ) -> None:
        self.sizes = sizes
        self.rows = rows
        self.namespaces = NamespaceColumn(sizes, rows, namespaces)
        self._sealed = rows
        self._string_bytes = string_bytes
        self._metadata: dict[int, MetadataColumn] = {}
        self._properties: Properties | None = None
        self._recent = RecentFilters(sizes.cached)

    @property
    def metadata(self) -> list[MetadataColumn]:
        """The columns that are attached."""
        return list(self._metadata.values())

    def column(
        self, index: StoredMetadataIndex, first: int = 0, runs: Sequence[Run] = ()
    ) -> MetadataColumn:
        """A column for `index`, which is used from `attach` on."""
        return MetadataColumn(index, self._string_bytes, self.sizes, first, runs)

    def attach(self, column: MetadataColumn) -> None:
        """Use a column that knows of the same rows as the others."""
        self._metadata[column.index.created] = column
        self._properties = None

    def drop(self, created: int) -> None:
        del self._metadata[created]
        self._properties = None

    def born(self, namespaces: Sequence[str | None], metadata: Sequence[bytes | None]) -> None:
        """Learn of the next rows."""
        first, end = self.rows, self.rows + len(namespaces)
        many = len(namespaces) >= self.sizes.tail
        if many:
            self.seal()
        named = [row for row, name in enumerate(namespaces, first) if name is not None]
        names = [name for name in namespaces if name is not None]
        self.namespaces.add(end, named, names, many=many)
        if self._metadata:
            if self._properties is None:
                self._properties = Properties(column.top for column in self._metadata.values())
            rows, tops = read(self._properties, first, metadata)
            for column in self._metadata.values():
                column.add(end, rows, tops[column.top], many=many)
        self.rows = end
        if many:
            self._sealed = end
        elif end - self._sealed >= self.sizes.tail:
            self.seal()

    def seal(self) -> None:
        """Make runs of all that is known; nothing changes for readers."""
        if self._sealed == self.rows:
            return
        for values in (self.namespaces.values, *(each.values for each in self._metadata.values())):
            values.seal(self.rows)
        self._sealed = self.rows

    def select(
        self, conditions: Sequence[Condition], indexes: Sequence[StoredMetadataIndex], live: BitMap
    ) -> BitMap:
        """The rows of `live` that meet all conditions; a property without an index meets none."""
        by_property = {index.property_name: index.created for index in indexes}
        used = []
        for condition in conditions:
            column = self._metadata.get(by_property.get(condition.property_name, -1))
            if column is None:
                return BitMap()
            used.append((column, condition))
        return self._births(used) & live if used else live

    def _births(self, used: Sequence[tuple[MetadataColumn, Condition]]) -> BitMap:
        """The rows, alive or not, that meet all conditions."""
        end = self.rows
        key = _name(used)
        births, start = self._recent.get(key)
        if start < end:
            found = BitMap(range(start, end))
            for column, condition in used:
                found = column.select(condition, found)
            births = births | found
            self._recent.put(key, births, end)
        return births


def read(
    properties: Properties, first: int, metadata: Sequence[bytes | None]
) -> tuple[list[int], dict[str, list[Any]]]:
    """The rows that have metadata, and their properties; `metadata` is of the rows from `first`."""
    rows = [row for row, encoded in enumerate(metadata, first) if encoded is not None]
    return rows, properties.read([encoded for encoded in metadata if encoded is not None])


def _name(used: Sequence[tuple[MetadataColumn, Condition]]) -> str:
    """What a filter is remembered by: text, since True equals 1.0, but is another filter."""
    return repr([(column.index.created, condition) for column, condition in used])
