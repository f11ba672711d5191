"""What Python users hold: `Database` and `Index`, the same over the engine and over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeAlias, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from vecinity import engine, schema
from vecinity.arrays import Metadata, Namespaces, batch_of_arrays
from vecinity.batch import Batch, BatchBuilder, VectorRecord, no_vectors
from vecinity.errors import TooManyIds, UnparsableVectors
from vecinity.limits import DEFAULT_LIST_COUNT, Limits
from vecinity.metric import FloatArray, Metric
from vecinity.model import (
    IndexConfig,
    IndexDescription,
    IndexInfo,
    Match,
    MetadataIndex,
    MetadataType,
    ReturnMetadata,
    Vector,
    VectorPage,
)
from vecinity.query import QueryOptions, check_count, checked_ids, checked_vector

VectorLike: TypeAlias = Vector | Mapping[str, Any]
"""A Vector, or a mapping with "id", "values" and, if wanted, "namespace" and "metadata"."""


_POLL_SECONDS = 0.02


class Database:
    """Indexes of one account. Use it as a context manager, or close it; safe for threads."""

    def __init__(self, backend: engine.Engine, limits: Limits, account: str = "local") -> None:
        self._engine = backend
        self._limits = limits
        self._account = account

    def create_index(
        self,
        name: str,
        *,
        dimensions: int | None = None,
        metric: Metric | str | None = None,
        preset: str | None = None,
        description: str | None = None,
        recall_target: float | None = None,
    ) -> IndexDescription:
        """Create an index from dimensions and metric, or from a preset. Durable on return.

        Args:
            recall_target: how many of the nearest its queries find unless they say otherwise, 0.9
                to 1, which is exact; by default what the server, or `vecinity.open`, was told.

        Raises:
            InvalidName, InvalidConfig, InvalidRequest, DuplicateName, TooManyIndexes
        """
        schema.check_index_name(name, self._limits)
        schema.check_description(description, self._limits)
        given = {"dimensions": dimensions, "metric": metric, "preset": preset}
        config = schema.check_config(given, self._limits, recall_target)
        return self._engine.create_index(self._account, name, config, description)

    def list_indexes(self) -> list[IndexDescription]:
        """All indexes, by name."""
        return self._engine.list_indexes(self._account)

    def get_index(self, name: str) -> IndexDescription:
        """Raises IndexNotFound or IndexDeleted."""
        return self._engine.get_index(self._account, name)

    def delete_index(self, name: str) -> None:
        """Delete an index and all its vectors. Raises IndexNotFound or IndexDeleted."""
        self._engine.delete_index(self._account, name)

    def index(self, name: str) -> Index:
        """The index `name`. Raises IndexNotFound or IndexDeleted."""
        return Index(name, self._engine.open_index(self._account, name), self._limits)

    def wait_indexed(self, timeout: float | None = None) -> bool:
        """Wait until every vector is where queries search fast.

        Without it they are as right, only slower for a while after large writes.

        Args:
            timeout: seconds to wait at most.

        Returns:
            Whether that is so.
        """
        self._engine.index_now()
        end = None if timeout is None else time.monotonic() + timeout
        while self._engine.indexing().vectors:
            if end is not None and time.monotonic() >= end:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def close(self) -> None:
        """Let go of the directory or the connections."""
        self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class Index:
    """One index. A write returns its mutation id when it is durable and every read sees it.

    Every method raises the classes of `vecinity.errors`: the API's codes and texts.
    """

    def __init__(self, name: str, backend: engine.Index, limits: Limits) -> None:
        self.name = name
        self._index = backend
        self._limits = limits

    @property
    def config(self) -> IndexConfig:
        """Dimensions and metric."""
        return self._index.config

    def insert(self, vectors: Iterable[VectorLike]) -> str:
        """Add vectors whose ids are new; existing ones stay as they are. All or nothing."""
        return self._index.insert(self._batch("insert", vectors))

    def upsert(self, vectors: Iterable[VectorLike]) -> str:
        """Add vectors, or replace them in full. All or nothing."""
        return self._index.upsert(self._batch("upsert", vectors))

    def insert_arrays(
        self,
        ids: Sequence[str],
        values: NDArray[Any],
        *,
        namespaces: Namespaces = None,
        metadata: Metadata = None,
    ) -> str:
        """As `insert`, much faster for many vectors: they are given as columns.

        Args:
            values: floats or integers of shape (len(ids), dimensions); stored as float32.
            namespaces: one for all vectors, or a sequence with one, or None, for each.
            metadata: a sequence with a dict, or None, for each.
        """
        return self._index.insert(self._columns("insert", ids, values, namespaces, metadata))

    def upsert_arrays(
        self,
        ids: Sequence[str],
        values: NDArray[Any],
        *,
        namespaces: Namespaces = None,
        metadata: Metadata = None,
    ) -> str:
        """As `upsert`, of columns such as `insert_arrays` takes."""
        return self._index.upsert(self._columns("upsert", ids, values, namespaces, metadata))

    def query(
        self,
        vector: Sequence[float] | FloatArray,
        *,
        top_k: int | None = None,
        return_values: bool = False,
        return_metadata: ReturnMetadata = "none",
        namespace: str | None = None,
        filter: Mapping[str, Any] | None = None,
        recall_target: float | None = None,
    ) -> list[Match]:
        """The nearest vectors, best first; `top_k` is 5 if not given.

        `recall_target`, 0.9 to 1, says how many of the nearest should be found in a large index; 1
        is exact and slow. Scores are always exact.
        """
        options = self._options(
            top_k, return_values, return_metadata, namespace, filter, recall_target
        )
        return self._index.query(checked_vector(vector, self.config.dimensions), options)

    def query_by_id(
        self,
        vector_id: str,
        *,
        top_k: int | None = None,
        return_values: bool = False,
        return_metadata: ReturnMetadata = "none",
        namespace: str | None = None,
        filter: Mapping[str, Any] | None = None,
        recall_target: float | None = None,
    ) -> list[Match]:
        """The nearest vectors to a stored one, itself included; empty if the id is unknown."""
        options = self._options(
            top_k, return_values, return_metadata, namespace, filter, recall_target
        )
        [checked] = checked_ids([vector_id], self._limits)
        return self._index.query_by_id(checked, options)

    def get_by_ids(self, ids: Sequence[str]) -> list[Vector]:
        """Those of `ids` that exist, in that order, with values and metadata."""
        return self._index.get_by_ids(self._ids(ids, self._limits.get_ids))

    def delete_by_ids(self, ids: Sequence[str]) -> str:
        """Remove those of `ids` that exist."""
        return self._index.delete_by_ids(self._ids(ids, self._limits.delete_ids))

    def describe(self) -> IndexInfo:
        """Dimensions, metric, how many vectors, and the last mutation."""
        return self._index.info()

    def list_vectors(
        self, count: int = DEFAULT_LIST_COUNT, cursor: str | None = None
    ) -> VectorPage:
        """A page of ids; hand its `next_cursor` back for the next one, within 15 minutes."""
        check_count(count, self._limits)
        return self._index.list_vectors(count, cursor)

    def create_metadata_index(self, property_name: str, type: MetadataType) -> str:
        """Make a property filterable; one that exists already stays as it is."""
        name, kind = schema.check_metadata_index(property_name, type, self._limits)
        return self._index.create_metadata_index(name, kind)

    def delete_metadata_index(self, property_name: str) -> str:
        """Raises MetadataIndexNotFound if there is none."""
        return self._index.delete_metadata_index(schema.check_property(property_name, self._limits))

    def list_metadata_indexes(self) -> list[MetadataIndex]:
        """In the order of their creation."""
        return self._index.list_metadata_indexes()

    def _batch(self, operation: str, vectors: Iterable[VectorLike]) -> Batch:
        builder = BatchBuilder(self.config.dimensions, self._limits)
        builder.add([_record(operation, n, vector) for n, vector in enumerate(vectors)])
        if not len(builder):
            raise no_vectors(operation, "ndjson")
        return builder.build()

    def _columns(
        self,
        operation: str,
        ids: Sequence[str],
        values: NDArray[Any],
        namespaces: Namespaces,
        metadata: Metadata,
    ) -> Batch:
        dimensions = self.config.dimensions
        return batch_of_arrays(
            operation, dimensions, self._limits, ids, values, namespaces, metadata
        )

    def _options(
        self,
        top_k: int | None,
        return_values: bool,
        return_metadata: ReturnMetadata,
        namespace: str | None,
        filter: Mapping[str, Any] | None,
        recall_target: float | None,
    ) -> QueryOptions:
        return QueryOptions.checked(
            self._limits,
            top_k=top_k,
            return_values=return_values,
            return_metadata=return_metadata,
            namespace=namespace,
            filter=filter,
            recall_target=recall_target,
        )

    def _ids(self, ids: Sequence[str], most: int) -> list[str]:
        if isinstance(ids, str):
            raise TypeError("ids must be a sequence of strings, not one string")
        distinct = checked_ids(ids, self._limits)
        if len(distinct) > most:
            raise TooManyIds(most, len(distinct))
        return distinct


def _record(operation: str, number: int, vector: VectorLike) -> VectorRecord:
    if isinstance(vector, Vector):
        return VectorRecord(
            vector.id, cast(list[float], vector.values), vector.namespace, vector.metadata
        )
    given = dict(vector)
    array = given.get("values")
    if not isinstance(array, np.ndarray):
        return _converted(operation, number, given)
    if array.ndim != 1 or array.dtype.kind not in "fiu":
        why = "values must be one row of numbers"
        raise UnparsableVectors.line(operation, number).with_detail(why)
    record = _converted(operation, number, {**given, "values": []})
    # an array serves as the list would: it is only measured and copied
    record.values = cast(list[float], array)
    return record


def _converted(operation: str, number: int, given: dict[str, Any]) -> VectorRecord:
    try:
        return msgspec.convert(given, VectorRecord)
    except msgspec.ValidationError as error:
        raise UnparsableVectors.line(operation, number).with_detail(str(error)) from error
