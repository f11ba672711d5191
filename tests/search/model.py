"""A naive index in plain Python: what the engine must agree with.

Written from the settled semantics, not from the engine: dictionaries, one vector at a time, sums
by `math.fsum`. It shares the error classes and nothing else with the product.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from vecinity.errors import MetadataIndexNotFound, TooManyMetadataIndexes

Json: TypeAlias = Any
Values: TypeAlias = npt.NDArray[np.float32]
Profile: TypeAlias = Literal["cloudflare", "open"]

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Record:
    """A stored vector, and the number of the mutation that wrote it."""

    id: str
    values: Values
    namespace: str | None
    metadata: dict[str, Json] | None
    born: int


@dataclass(frozen=True, slots=True)
class Score:
    """A score in float64, and how far float64 arithmetic in another order may be from it."""

    value: float
    slack: float


@dataclass(slots=True)
class Model:
    """One index of the given metric, with a profile's semantics."""

    metric: str
    profile: Profile
    records: dict[str, Record] = field(default_factory=dict)
    metadata_indexes: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Property -> type and the mutation that created the index, in the order of creation."""
    mutations: int = 0

    def insert(self, vectors: Iterable[dict[str, Json]]) -> None:
        """Existing ids stay, also those that stand earlier in `vectors`."""
        self.mutations += 1
        for vector in vectors:
            self.records.setdefault(vector["id"], self._record(vector))

    def upsert(self, vectors: Iterable[dict[str, Json]]) -> None:
        """The last vector of an id replaces all before it, in full."""
        self.mutations += 1
        for vector in vectors:
            self.records[vector["id"]] = self._record(vector)

    def delete(self, ids: Iterable[str]) -> None:
        self.mutations += 1
        for vector_id in ids:
            self.records.pop(vector_id, None)

    def create_metadata_index(self, name: str, type_: str) -> None:
        """One that exists keeps its type and its age. Raises TooManyMetadataIndexes."""
        if name not in self.metadata_indexes and len(self.metadata_indexes) >= self._most_indexes:
            raise TooManyMetadataIndexes(self._most_indexes)
        self.mutations += 1
        self.metadata_indexes.setdefault(name, (type_, self.mutations))

    def delete_metadata_index(self, name: str) -> None:
        """Raises MetadataIndexNotFound."""
        if name not in self.metadata_indexes:
            raise MetadataIndexNotFound(name)
        self.mutations += 1
        del self.metadata_indexes[name]

    def sorted_ids(self) -> list[str]:
        """All ids by their UTF-8 bytes."""
        return sorted(self.records, key=lambda vector_id: vector_id.encode())

    def candidates(self, namespace: str | None, filter: dict[str, Json] | None) -> list[Record]:
        """What a query may return."""
        return [
            record
            for record in self.records.values()
            if namespace in (None, record.namespace)
            and all(self._holds(record, *condition) for condition in (filter or {}).items())
        ]

    def score(self, query: Values, record: Record) -> Score:
        """The score of `record`, as the metric defines it."""
        q, x = query.tolist(), record.values.tolist()
        if self.metric == "euclidean":
            return Score(math.sqrt(math.fsum((a - b) ** 2 for a, b in zip(q, x, strict=True))), 0.0)
        products = [a * b for a, b in zip(q, x, strict=True)]
        dot = math.fsum(products)
        slack = len(q) * 2.0**-52 * math.fsum(map(abs, products))
        if self.metric == "dot-product":
            return Score(-dot, slack)
        norms = _norm(q) * _norm(x)
        return Score(dot / norms, slack / norms) if norms else Score(0.0, 0.0)

    def indexed_metadata(self, record: Record) -> dict[str, Json] | None:
        """What `returnMetadata: "indexed"` shows: None if no index holds anything of it."""
        shown: dict[str, Json] = {}
        for name, (type_, _) in self.metadata_indexes.items():
            value = _lookup(record.metadata, name)
            if not self._covers(name, record) or _type(value) != type_:
                continue
            *parents, last = name.split(".")
            inner = shown
            for parent in parents:
                inner = inner.setdefault(parent, {})
            inner[last] = self._cut(value)
        return shown or None

    @property
    def _most_indexes(self) -> int:
        return 10 if self.profile == "cloudflare" else 10**9

    def _record(self, vector: dict[str, Json]) -> Record:
        values = np.array(vector["values"], np.float64).astype(np.float32)
        metadata = vector.get("metadata")
        copy = None if metadata is None else json.loads(json.dumps(metadata))
        return Record(vector["id"], values, vector.get("namespace"), copy, self.mutations)

    def _covers(self, name: str, record: Record) -> bool:
        _, created = self.metadata_indexes[name]
        return self.profile == "open" or record.born > created

    def _holds(self, record: Record, name: str, condition: Json) -> bool:
        if name not in self.metadata_indexes or not self._covers(name, record):
            return False
        type_, _ = self.metadata_indexes[name]
        value = _lookup(record.metadata, name)
        operators = condition if isinstance(condition, dict) else {"$eq": condition}
        return all(
            self._operator_holds(type_, value, operator, operand)
            for operator, operand in operators.items()
        )

    def _operator_holds(self, type_: str, value: Json, operator: str, operand: Json) -> bool:
        match operator:
            case "$eq":
                return self._equal(type_, value, operand)
            case "$ne":
                return not self._equal(type_, value, operand)
            case "$in":
                return any(self._equal(type_, value, one) for one in operand)
            case "$nin":
                return not any(self._equal(type_, value, one) for one in operand)
            case _:
                return self._in_range(type_, value, operator, operand)

    def _equal(self, type_: str, value: Json, operand: Json) -> bool:
        if operand is None:
            return value is _ABSENT or value is None
        if not _type(value) == _type(operand) == type_:
            return False
        return bool(self._key(value) == self._key(operand))

    def _in_range(self, type_: str, value: Json, operator: str, operand: Json) -> bool:
        if not _type(value) == _type(operand) == type_:
            return False
        left, right = self._key(value), self._key(operand)
        match operator:
            case "$lt":
                return bool(left < right)
            case "$lte":
                return bool(left <= right)
            case "$gt":
                return bool(left > right)
            case "$gte":
                return bool(left >= right)
        raise AssertionError(operator)

    def _key(self, value: Json) -> Json:
        """How values of one type compare: strings as bytes, numbers as float64."""
        cut = self._cut(value)
        if isinstance(cut, str):
            return cut.encode()
        return cut if isinstance(cut, bool) else float(cut)

    def _cut(self, value: Json) -> Json:
        if not isinstance(value, str) or self.profile == "open":
            return value
        while len(value.encode()) > 64:
            value = value[:-1]
        return value


def _norm(values: Sequence[float]) -> float:
    return math.sqrt(math.fsum(value * value for value in values))


def _type(value: Json) -> str | None:
    """The type of metadata index that holds `value`."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else None


def _lookup(metadata: dict[str, Json] | None, name: str) -> Json:
    value: Json = metadata
    for part in name.split("."):
        if not isinstance(value, dict) or part not in value:
            return _ABSENT
        value = value[part]
    return value
