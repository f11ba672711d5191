"""Columns become a batch: ids, a matrix, namespaces and metadata, checked as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np

from vecinity.batch import Batch, check_id, check_namespace, check_values, no_vectors
from vecinity.errors import InvalidVector, TooManyVectors, UnparsableVectors
from vecinity.limits import Limits
from vecinity.metadata import MetadataEncoder
from vecinity.metric import FloatArray

Namespaces: TypeAlias = str | Sequence[str | None] | None
"""One for all vectors, or one for each; None for none."""

Metadata: TypeAlias = Sequence[dict[str, Any] | None] | None


def batch_of_arrays(
    operation: str,
    dimensions: int,
    limits: Limits,
    ids: Sequence[str],
    values: Any,
    namespaces: Namespaces,
    metadata: Metadata,
) -> Batch:
    """The checked batch; it shares no memory with `values`.

    Raises:
        TypeError: `ids` is one string.
        UnparsableVectors: 40023, a column is of another type, shape or length.
        TooManyVectors, InvalidId, InvalidVector, NamespaceTooLong, InvalidMetadata,
        OversizedMetadata: as for a batch of records.
    """
    if isinstance(ids, str):
        raise TypeError("ids must be a sequence of strings, not one string")
    id_list = _column(operation, "ids", ids)
    count = len(id_list)
    if not count:
        raise no_vectors(operation, "ndjson")
    if count > limits.batch_vectors:
        raise TooManyVectors(limits.batch_vectors, count)
    _check_types(operation, "id", id_list, str)
    _check_ids(id_list, limits)
    matrix = _matrix(operation, values, id_list, dimensions)
    check_values(id_list, matrix)
    names = _namespaces(operation, namespaces, count, limits)
    return Batch(id_list, matrix, names, _metadata(operation, metadata, id_list, limits))


def _column(operation: str, name: str, given: Iterable[Any], count: int | None = None) -> list[Any]:
    """`given` as a list of `count` items."""
    column = given.tolist() if isinstance(given, np.ndarray) else list(given)
    if count is not None and len(column) != count:
        raise _unparsable(operation, f"there are {count} ids, but {len(column)} {name}")
    return column


def _check_types(operation: str, name: str, column: list[Any], *wanted: type) -> None:
    if set(map(type, column)) <= set(wanted):
        return
    for number, item in enumerate(column):
        if not isinstance(item, wanted):
            why = f"{name} must be a {wanted[0].__name__}, got {type(item).__name__}"
            raise UnparsableVectors.line(operation, number).with_detail(why)


def _check_ids(ids: list[str], limits: Limits) -> None:
    if all(ids) and max(map(len, ids)) <= limits.id_bytes and "".join(ids).isascii():
        return
    for vector_id in ids:
        check_id(vector_id, limits)


def _matrix(operation: str, values: Any, ids: list[str], dimensions: int) -> FloatArray:
    try:
        array = np.asarray(values)
    except ValueError as error:
        why = "values must be rows of numbers, all of one length"
        raise _unparsable(operation, why) from error
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        why = f"values must be rows of numbers, got {array.dtype} of shape {array.shape}"
        raise _unparsable(operation, why)
    if len(array) != len(ids):
        raise _unparsable(operation, f"there are {len(ids)} ids, but {len(array)} rows of values")
    if array.shape[1] != dimensions:
        raise InvalidVector.dimensions(ids[0], dimensions, array.shape[1])
    with np.errstate(over="ignore"):
        # a copy in any case: what is checked, summed and stored must be the same bytes
        return np.array(array, np.float32, order="C")


def _namespaces(operation: str, given: Namespaces, count: int, limits: Limits) -> list[str | None]:
    if given is None or isinstance(given, str):
        names: list[str | None] = [given] * count
    else:
        names = _column(operation, "namespaces", given, count)
    _check_types(operation, "namespace", names, str, type(None))
    for name in dict.fromkeys(names):
        if name is not None:
            check_namespace(name, limits)
    return names


def _metadata(
    operation: str, given: Metadata, ids: list[str], limits: Limits
) -> list[bytes | None]:
    if given is None:
        return [None] * len(ids)
    column = _column(operation, "metadata", given, len(ids))
    _check_types(operation, "metadata", column, dict, type(None))
    return list(map(MetadataEncoder(limits).encode, ids, column))


def _unparsable(operation: str, why: str) -> UnparsableVectors:
    return UnparsableVectors(operation, "ndjson").with_detail(why)
