"""The vocabulary: frozen records for everything that crosses a layer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from vecinity.metric import FloatArray, Metric

MetadataType = Literal["string", "number", "boolean"]
"""What a metadata index holds; numbers are float64."""

ReturnMetadata = Literal["none", "indexed", "all"]

ApiVersion = Literal["v1", "v2"]
"""Which of the two APIs an index belongs to, for ever; "v1" is the legacy one."""


@dataclass(frozen=True, slots=True)
class IndexConfig:
    """What an index holds; immutable after its creation.

    `recall_target` is the share of the nearest that queries find unless they say otherwise; None
    leaves it to who opens the directory. Over HTTP it is not told.
    """

    dimensions: int
    metric: Metric
    recall_target: float | None = None


@dataclass(frozen=True, slots=True)
class IndexDescription:
    """An index as the catalogue knows it."""

    name: str
    config: IndexConfig
    description: str | None
    created_on: datetime
    modified_on: datetime
    version: ApiVersion = "v2"


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """An index as its data stands.

    `processed_up_to_mutation` is the last mutation that queries see; it and its time are None
    until there is one.
    """

    dimensions: int
    metric: Metric
    vector_count: int
    processed_up_to_datetime: datetime | None
    processed_up_to_mutation: str | None


@dataclass(frozen=True, slots=True)
class Indexing:
    """What remains to be built so that queries are as fast as they can be.

    `vectors` of so many `indexes` go into the blocks that are built next; both 0: nothing remains.
    """

    vectors: int
    indexes: int


@dataclass(frozen=True, slots=True)
class Vector:
    """A stored vector.

    Attributes:
        values: float32, shape (dimensions,).
        metadata_json: the metadata as compact UTF-8 JSON, as stored; None when there is none.
    """

    id: str
    values: FloatArray
    namespace: str | None = None
    metadata_json: bytes | None = field(default=None, repr=False)

    @property
    def metadata(self) -> dict[str, Any] | None:
        """The metadata, decoded anew at each call."""
        return _decoded(self.metadata_json)


class Match(msgspec.Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """One result of a query, best first; `score` is an exact float32 score of the index's metric.

    `values` and metadata are None unless they were asked for.
    """

    # a Struct, not a dataclass like the others: a query makes many, and this is five times faster;
    # nothing that it holds can lead back to it, so that the garbage collector need not look

    id: str
    score: float
    values: FloatArray | None = None
    namespace: str | None = None
    metadata_json: bytes | None = None

    @property
    def metadata(self) -> dict[str, Any] | None:
        """The metadata, decoded anew at each call."""
        return _decoded(self.metadata_json)


@dataclass(frozen=True, slots=True)
class VectorPage:
    """One page of a listing: ids in byte order, of the snapshot that the first page fixed."""

    ids: list[str]
    total_count: int
    next_cursor: str | None
    cursor_expires: datetime | None


@dataclass(frozen=True, slots=True)
class MetadataIndex:
    """A property that filters can use; nested properties are written with dots.

    `uncovered` counts the vectors that no filter on it can match, since they are older than it;
    only an embedded engine tells, over HTTP it is 0.
    """

    property_name: str
    type: MetadataType
    uncovered: int = field(default=0, compare=False)


PRESETS: dict[str, IndexConfig] = {
    "@cf/baai/bge-small-en-v1.5": IndexConfig(384, Metric.COSINE),
    "@cf/baai/bge-base-en-v1.5": IndexConfig(768, Metric.COSINE),
    "@cf/baai/bge-large-en-v1.5": IndexConfig(1024, Metric.COSINE),
    "openai/text-embedding-ada-002": IndexConfig(1536, Metric.COSINE),
    "cohere/embed-multilingual-v2.0": IndexConfig(768, Metric.COSINE),
}
"""Embedding models whose name can stand for a configuration (contract.md section c)."""


def now() -> datetime:
    """The present, in UTC, as all times here are."""
    return datetime.now(UTC)


def to_json(value: object) -> bytes:
    """`value` as compact UTF-8 JSON."""
    return msgspec.json.encode(value)


def _decoded(metadata_json: bytes | None) -> dict[str, Any] | None:
    if metadata_json is None:
        return None
    decoded: dict[str, Any] = msgspec.json.decode(metadata_json)
    return decoded
