"""A checked batch of vectors: what a write carries from its reader to the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from vecinity.errors import (
    InvalidId,
    InvalidRequest,
    InvalidVector,
    NamespaceTooLong,
    TooManyVectors,
    UnparsableVectors,
)
from vecinity.limits import Limits
from vecinity.metadata import MetadataEncoder
from vecinity.metric import FloatArray


class VectorRecord(msgspec.Struct, forbid_unknown_fields=True):
    """One vector as it stands in a request, typed but not yet checked."""

    id: str
    values: list[float]
    namespace: str | None = None
    metadata: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Vectors that passed every check, in the order they were given; ids may repeat.

    Attributes:
        values: float32, shape (len(ids), dimensions), C-contiguous, squared norms finite.
        metadata: compact UTF-8 JSON or None, one for each id.
    """

    ids: list[str]
    values: FloatArray
    namespaces: list[str | None]
    metadata: list[bytes | None]

    def __len__(self) -> int:
        return len(self.ids)


class BatchBuilder:
    """Checks records, slice by slice, and gathers them into one batch. All or nothing.

    `add` and `build` raise the API's error for the first record that breaks a rule.
    """

    def __init__(self, dimensions: int, limits: Limits) -> None:
        self._dimensions = dimensions
        self._limits = limits
        self._encoder = MetadataEncoder(limits)
        self._ids: list[str] = []
        self._namespaces: list[str | None] = []
        self._metadata: list[bytes | None] = []
        self._matrices: list[FloatArray] = []

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, records: Sequence[VectorRecord]) -> None:
        """Append `records`.

        Raises:
            InvalidId, InvalidVector, NamespaceTooLong, InvalidMetadata, OversizedMetadata
        """
        if not records:
            return
        for record in records:
            check_id(record.id, self._limits)
            if len(record.values) != self._dimensions:
                raise InvalidVector.dimensions(record.id, self._dimensions, len(record.values))
            if record.namespace is not None:
                check_namespace(record.namespace, self._limits)
            self._metadata.append(self._encoder.encode(record.id, record.metadata))
        self._ids += [record.id for record in records]
        self._namespaces += [record.namespace for record in records]
        with np.errstate(over="ignore"):
            matrix = np.array([record.values for record in records], dtype=np.float32)
        check_values([record.id for record in records], matrix)
        self._matrices.append(matrix)

    def build(self) -> Batch:
        """The batch so far.

        Raises:
            TooManyVectors: 40024.
        """
        if len(self._ids) > self._limits.batch_vectors:
            raise TooManyVectors(self._limits.batch_vectors, len(self._ids))
        matrices = self._matrices or [np.empty((0, self._dimensions), np.float32)]
        values = matrices[0] if len(matrices) == 1 else np.concatenate(matrices)
        return Batch(self._ids, values, self._namespaces, self._metadata)


def no_vectors(operation: str, form: str) -> UnparsableVectors:
    """The error for an empty batch."""
    return UnparsableVectors(operation, form).with_detail("there are no vectors")


def check_id(vector_id: str, limits: Limits) -> None:
    """Raise InvalidId (40008) if `vector_id` is empty or too long."""
    size = utf8_length(vector_id)
    if not 0 < size <= limits.id_bytes:
        raise InvalidId(limits.id_bytes, size)


def check_namespace(namespace: str, limits: Limits) -> None:
    """Raise NamespaceTooLong (40009) if `namespace` is too long; an empty one is a name too."""
    size = utf8_length(namespace)
    if size > limits.namespace_bytes:
        raise NamespaceTooLong(limits.namespace_bytes, size)


def check_values(ids: Sequence[str], matrix: FloatArray) -> None:
    """Raise InvalidVector (40012) if the values or squared norm of a row overflow float32."""
    with np.errstate(over="ignore", invalid="ignore"):
        norms = np.einsum("ij,ij->i", matrix, matrix)
    finite = np.isfinite(norms)
    if finite.all():
        return
    first = int(np.argmin(finite))
    if np.isfinite(matrix[first]).all():
        raise InvalidVector(ids[first], "the norm of its values overflows float32")
    raise InvalidVector(ids[first], "its values must be finite float32 numbers")


def utf8_length(text: str) -> int:
    """Bytes of `text` in UTF-8. Raises InvalidRequest (40026) for a lone surrogate."""
    try:
        return len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError as error:
        raise InvalidRequest("a text holds a lone surrogate, which is no character") from error
