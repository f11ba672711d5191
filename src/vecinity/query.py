"""A checked query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import msgspec
import numpy as np

from vecinity.batch import check_id, check_namespace
from vecinity.errors import InvalidCount, InvalidQueryVector, InvalidRequest, InvalidTopK
from vecinity.filters import Filter, parse_filter
from vecinity.limits import DEFAULT_TOP_K, MIN_RECALL, Limits
from vecinity.metric import FloatArray
from vecinity.model import ReturnMetadata

_RETURN_METADATA = get_args(ReturnMetadata)
_LARGEST = float(np.finfo(np.float32).max)


class QueryOptions(msgspec.Struct, frozen=True):
    """What a query asks for besides its vector. Build it with `checked`."""

    # a Struct, not a dataclass like others: every query makes one, in a tenth of the time

    top_k: int = DEFAULT_TOP_K
    namespace: str | None = None
    filter: Filter | None = None
    return_values: bool = False
    return_metadata: ReturnMetadata = "none"
    recall_target: float | None = None

    @classmethod
    def checked(
        cls,
        limits: Limits,
        *,
        top_k: int | None = None,
        namespace: str | None = None,
        filter: object = None,
        return_values: bool = False,
        return_metadata: ReturnMetadata = "none",
        recall_target: float | None = None,
    ) -> QueryOptions:
        """Check every option against `limits`; None means its default.

        Raises:
            InvalidTopK, NamespaceTooLong, InvalidFilter, InvalidRequest
        """
        top_k = DEFAULT_TOP_K if top_k is None else top_k
        if not isinstance(top_k, int) or isinstance(top_k, bool):
            raise InvalidRequest(f"topK: expected int, got {type(top_k).__name__}")
        if return_metadata not in _RETURN_METADATA:
            raise InvalidRequest(
                f"returnMetadata: expected none, indexed or all, got {return_metadata!r}"
            )
        with_payload = return_values or return_metadata == "all"
        if top_k < 1:
            raise InvalidTopK("min", 1, top_k)
        most = limits.top_k_with_payload if with_payload else limits.top_k
        if top_k > most:
            if most < limits.top_k:
                raise InvalidTopK.with_payload(most, limits.top_k, top_k)
            raise InvalidTopK("max", most, top_k)
        if namespace is not None:
            check_namespace(namespace, limits)
        if recall_target is not None:
            check_recall(recall_target)
        parsed = None if filter is None else parse_filter(filter, limits)
        return cls(top_k, namespace, parsed, return_values, return_metadata, recall_target)


def checked_vector(values: Sequence[float] | FloatArray, dimensions: int) -> FloatArray:
    """`values` as a float32 query vector of shape (dimensions,).

    Raises:
        InvalidQueryVector: 40006.
    """
    if not hasattr(values, "__len__"):
        raise InvalidQueryVector(f"expected a sequence of numbers, got {type(values).__name__}")
    if isinstance(values, np.ndarray) and values.ndim != 1:
        raise InvalidQueryVector(f"expected one vector, and got an array of shape {values.shape}")
    if len(values) != dimensions:
        raise InvalidQueryVector.dimensions(dimensions, len(values))
    try:
        vector = _as_float32(values)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidQueryVector("its values must be finite float32 numbers") from error
    if vector.ndim == 1:
        wide = vector.astype(np.float64)
        if np.dot(wide, wide) <= _LARGEST:
            return vector
    if vector.ndim == 1 and np.isfinite(vector).all():
        raise InvalidQueryVector("the norm of its values overflows float32")
    raise InvalidQueryVector("its values must be finite float32 numbers")


def _as_float32(values: Sequence[float] | FloatArray) -> FloatArray:
    if isinstance(values, np.ndarray) and values.dtype == np.float32:
        return np.array(values)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.array(values, dtype=np.float32)


def check_recall(target: float) -> None:
    """Raise InvalidRequest unless `target` is from MIN_RECALL to 1, which means exact."""
    if isinstance(target, bool) or not isinstance(target, int | float):
        raise InvalidRequest(f"recall target: expected a number, got {type(target).__name__}")
    if not MIN_RECALL <= target <= 1:
        raise InvalidRequest(f"recall target: must be from {MIN_RECALL} to 1, got {target}")


def checked_ids(ids: Sequence[str], limits: Limits) -> list[str]:
    """`ids` in order without repetitions, each of legal length.

    Raises:
        InvalidId: 40008.
    """
    for vector_id in ids:
        check_id(vector_id, limits)
    return list(dict.fromkeys(ids))


def check_count(count: int, limits: Limits) -> None:
    """Raise InvalidCount (40027) unless `count` is from 1 to the limit."""
    if not 1 <= count <= limits.list_count:
        raise InvalidCount(f"must be between 1 and {limits.list_count}, got {count}")
