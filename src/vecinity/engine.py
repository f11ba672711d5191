"""The seam: what an engine must do. The server, the library and the CLI know only this.

What comes in is checked already (`batch`, `query`, `schema`); what comes out are the records
of `model`. Every method may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vecinity.batch import Batch
from vecinity.metric import FloatArray
from vecinity.model import (
    ApiVersion,
    IndexConfig,
    IndexDescription,
    IndexInfo,
    Indexing,
    Match,
    MetadataIndex,
    MetadataType,
    Vector,
    VectorPage,
)
from vecinity.query import QueryOptions


class Index(Protocol):
    """One index.

    A write returns its mutation id after it is durable and visible: every later read sees it,
    unless the engine was told to show writes late. Then all reads see the index as it was before.
    Writes are ordered as their mutation ids were given out. All raise IndexDeleted when the index
    is gone and StorageUnavailable when the disk fails; a failed write leaves no trace.
    """

    @property
    def config(self) -> IndexConfig: ...

    def insert(self, batch: Batch) -> str:
        """Add the vectors whose ids are new; of a repeated id the first counts."""
        ...

    def upsert(self, batch: Batch) -> str:
        """Add or replace the vectors in full; of a repeated id the last counts."""
        ...

    def delete_by_ids(self, ids: Sequence[str]) -> str:
        """Remove what is there; unknown ids are no error."""
        ...

    def get_by_ids(self, ids: Sequence[str]) -> list[Vector]:
        """The vectors that exist, in the order of `ids`."""
        ...

    def query(self, vector: FloatArray, options: QueryOptions) -> list[Match]:
        """The nearest vectors, best first; equal scores in the order they were written."""
        ...

    def query_by_id(self, vector_id: str, options: QueryOptions) -> list[Match]:
        """As `query` with a stored vector, itself included; empty if the id is unknown."""
        ...

    def list_vectors(self, count: int, cursor: str | None) -> VectorPage:
        """Ids in byte order; all pages show the index as it was at the first.

        Raises:
            InvalidCursor, ExpiredCursor
        """
        ...

    def info(self) -> IndexInfo: ...

    def create_metadata_index(self, property_name: str, type: MetadataType) -> str:
        """Make a property filterable; one that exists already stays as it is.

        Raises:
            TooManyMetadataIndexes
        """
        ...

    def delete_metadata_index(self, property_name: str) -> str:
        """Raises MetadataIndexNotFound if there is none."""
        ...

    def list_metadata_indexes(self) -> list[MetadataIndex]:
        """In the order of their creation."""
        ...


class Engine(Protocol):
    """Indexes by account and name. Creation and deletion are durable when they return."""

    def create_index(
        self, account: str, name: str, config: IndexConfig, description: str | None
    ) -> IndexDescription:
        """Raises DuplicateName or TooManyIndexes."""
        ...

    def list_indexes(self, account: str) -> list[IndexDescription]:
        """In the order of their names."""
        ...

    def get_index(self, account: str, name: str) -> IndexDescription:
        """Raises IndexNotFound or IndexDeleted."""
        ...

    def delete_index(self, account: str, name: str) -> None:
        """Raises IndexNotFound or IndexDeleted."""
        ...

    def open_index(self, account: str, name: str) -> Index:
        """Raises IndexNotFound or IndexDeleted."""
        ...

    def index_now(self) -> None:
        """Begin with what `indexing` tells, where it would wait for a pause in writing."""
        ...

    def indexing(self) -> Indexing:
        """What remains to be built in the background. Queries are right meanwhile, but slower."""
        ...

    def close(self) -> None:
        """Finish running operations and let go of the data; closing twice is harmless."""
        ...


class LegacyIndex(Index, Protocol):
    """An index whose writes can also say what they did, as the V1 API's answers do.

    On a V1 index a filter needs no metadata index: it sees every property of every vector.
    """

    @property
    def id(self) -> str:
        """A UUID of this index alone; a later one of the same name has another."""
        ...

    def insert_ids(self, batch: Batch) -> list[str]:
        """As `insert`; the ids that were new, in the order of the batch."""
        ...

    def upsert_ids(self, batch: Batch) -> list[str]:
        """As `upsert`; each id once, in the order of the vectors that count."""
        ...

    def delete_ids(self, ids: Sequence[str]) -> list[str]:
        """As `delete_by_ids`; the ids that were there, in the order of `ids`."""
        ...


class LegacyEngine(Engine, Protocol):
    """An engine that also has indexes of the legacy V1 API.

    Both versions share one space of names. Every method is about the indexes of one version, V2
    unless told otherwise, and raises IncorrectApiVersion where a name belongs to the other one.
    """

    def create_index(
        self,
        account: str,
        name: str,
        config: IndexConfig,
        description: str | None,
        version: ApiVersion = "v2",
    ) -> IndexDescription: ...

    def list_indexes(self, account: str, version: ApiVersion = "v2") -> list[IndexDescription]: ...

    def get_index(
        self, account: str, name: str, version: ApiVersion = "v2"
    ) -> IndexDescription: ...

    def delete_index(self, account: str, name: str, version: ApiVersion = "v2") -> None: ...

    def open_index(self, account: str, name: str, version: ApiVersion = "v2") -> LegacyIndex: ...

    def update_description(
        self, account: str, name: str, description: str | None
    ) -> IndexDescription:
        """Replace the description of a V1 index; durable on return.

        Raises:
            IndexNotFound, IndexDeleted
        """
        ...
