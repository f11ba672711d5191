"""Every limit as one named value with its unit and source, in two profiles.

`CLOUDFLARE` is production's (contract.md section d); `OPEN` lifts what can be lifted. What differs
over the Workers binding, or for indexes of the legacy V1 API, is derived: `for_binding(limits)`,
`for_v1(limits)`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

Profile = Literal["cloudflare", "open"]
"""Semantics, stored with an index when it is created, and the limits of a server."""

UNLIMITED = 2**62


def _limit(value: int, unit: str, source: str) -> Any:
    return field(default=value, metadata={"unit": unit, "source": source})


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits that a server or a library keeps; all are inclusive."""

    min_dimensions: int = _limit(32, "dimensions", "live error text")
    max_dimensions: int = _limit(1536, "dimensions", "limits page; live error text")
    index_name_bytes: int = _limit(64, "bytes", "limits page")
    description_chars: int = _limit(1024, "characters", "ours")
    indexes_per_account: int = _limit(50_000, "indexes", "limits page, paid plan")
    vectors_per_index: int = _limit(20_000_000, "vectors", "changelog of 2026-08-04")
    namespaces_per_index: int = _limit(50_000, "namespaces", "limits page, paid plan")
    namespace_bytes: int = _limit(64, "bytes", "limits page")
    id_bytes: int = _limit(64, "bytes", "limits page; error 40008")
    metadata_bytes: int = _limit(10_240, "bytes of compact JSON", "error 40016")
    metadata_indexes: int = _limit(10, "metadata indexes an index", "API page")
    indexed_string_bytes: int = _limit(64, "bytes", "metadata filtering page")
    batch_vectors: int = _limit(5_000, "vectors a request", "limits page, over HTTP")
    body_bytes: int = _limit(100_000_000, "bytes a request", "limits page")
    top_k: int = _limit(100, "matches", "API page")
    top_k_with_payload: int = _limit(50, "matches with values or all metadata", "API page")
    get_ids: int = _limit(20, "ids a request", "error 40007")
    delete_ids: int = _limit(100, "ids a request", "error 40007")
    list_count: int = _limit(1_000, "ids a page", "API page")
    filter_bytes: int = _limit(2_047, "bytes of compact JSON", "metadata filtering page: < 2048")
    filter_key_chars: int = _limit(512, "characters", "metadata filtering page")


DEFAULT_TOP_K = 5
"""Matches returned when a query does not say (API page)."""

DEFAULT_RECALL = 0.97
"""The share of the nearest vectors that a query finds in a large index, unless told otherwise."""

PRECISE_RECALL = 0.99
"""The least for queries that return values: production's high-precision mode (features.md)."""

MIN_RECALL = 0.90
"""The least that can be asked for; 1.0 is exact search."""

RECALL_HEADER = "vecinity-recall-target"
"""An extension: the request header with the recall target of a query, or of a new index."""

DEFAULT_LIST_COUNT = 100
"""Ids on a page when a listing does not say (API page)."""

CURSOR_LIFETIME_SECONDS = 15 * 60
"""How long a list cursor can be used (settled: 15 minutes)."""

ACCOUNT_ID_CHARS = 32
"""The longest account id (OpenAPI document)."""

BINDING_BATCH_VECTORS = 1_000
"""Vectors a request over the Workers binding (limits page)."""

LEGACY_V1 = {
    "indexes_per_account": 100,
    "vectors_per_index": 200_000,
    "namespaces_per_index": 1_000,
    "index_name_bytes": 63,
    "namespace_bytes": 63,
    "batch_vectors": 1_000,
    "top_k": 20,
    "top_k_with_payload": 20,
}
"""What is lower for indexes of the legacy V1 API (limits page; topK: API page)."""

CLOUDFLARE = Limits()

OPEN = Limits(
    min_dimensions=1,
    max_dimensions=8_192,
    description_chars=UNLIMITED,
    indexes_per_account=UNLIMITED,
    vectors_per_index=UNLIMITED,
    namespaces_per_index=UNLIMITED,
    namespace_bytes=1_024,
    id_bytes=1_024,
    metadata_bytes=UNLIMITED,
    metadata_indexes=UNLIMITED,
    indexed_string_bytes=UNLIMITED,
    batch_vectors=UNLIMITED,
    top_k=UNLIMITED,
    top_k_with_payload=UNLIMITED,
    get_ids=UNLIMITED,
    delete_ids=UNLIMITED,
    list_count=100_000,
    filter_bytes=UNLIMITED,
    filter_key_chars=UNLIMITED,
)

UNCHECKED = replace(
    OPEN,
    max_dimensions=UNLIMITED,
    index_name_bytes=UNLIMITED,
    namespace_bytes=UNLIMITED,
    id_bytes=UNLIMITED,
    list_count=UNLIMITED,
)
"""For clients: the server knows its own limits and answers with the error."""

PROFILES: dict[Profile, Limits] = {"cloudflare": CLOUDFLARE, "open": OPEN}


def for_binding(limits: Limits) -> Limits:
    """The limits over the Workers binding: smaller batches than over REST, if any."""
    if limits.batch_vectors == UNLIMITED:
        return limits
    return replace(limits, batch_vectors=min(limits.batch_vectors, BINDING_BATCH_VECTORS))


def for_v1(limits: Limits) -> Limits:
    """The limits for indexes of the legacy V1 API. What is wider than production's stays so."""
    lower = {
        name: min(getattr(limits, name), value)
        for name, value in LEGACY_V1.items()
        if getattr(limits, name) <= getattr(CLOUDFLARE, name)
    }
    return replace(limits, **lower)


def table() -> list[tuple[str, int, int, str, str]]:
    """Rows of (name, cloudflare, open, unit, source), for the documentation."""
    return [
        (
            item.name,
            getattr(CLOUDFLARE, item.name),
            getattr(OPEN, item.name),
            item.metadata["unit"],
            item.metadata["source"],
        )
        for item in fields(Limits)
    ]
