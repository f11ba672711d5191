"""The model's records as the API writes them, ready for orjson."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import orjson

from vecinity.metric import FloatArray
from vecinity.model import (
    IndexDescription,
    IndexInfo,
    Match,
    MetadataIndex,
    Vector,
    VectorPage,
)


def description(index: IndexDescription) -> dict[str, Any]:
    """An index as `POST /indexes` answers it; presets come back resolved."""
    return {
        "name": index.name,
        "description": index.description,
        "config": {"dimensions": index.config.dimensions, "metric": index.config.metric},
        "created_on": time(index.created_on),
        "modified_on": time(index.modified_on),
    }


def info(found: IndexInfo) -> dict[str, Any]:
    """`metric` is the one field that the service does not send (settled.md, Results)."""
    when = found.processed_up_to_datetime
    return {
        "dimensions": found.dimensions,
        "metric": found.metric,
        "vectorCount": found.vector_count,
        "processedUpToDatetime": time(when) if when else None,
        "processedUpToMutation": found.processed_up_to_mutation,
    }


def matches(found: list[Match]) -> dict[str, Any]:
    """Absent pieces are left out, not null; a score is float32's shortest digits."""
    return {"count": len(found), "matches": [_match(match) for match in found]}


def nested_matches(found: list[Match], *, vectors: bool) -> dict[str, Any]:
    """As V1 answered until 2023-11-08: what belongs to the vector in an object of its own."""
    return {"count": len(found), "matches": [_nested_match(match, vectors) for match in found]}


def legacy_info(index_id: str, index: IndexDescription, vectors: int) -> dict[str, Any]:
    """An index as `describe()` of a V1 binding shows it; V2 says `vectorCount`."""
    about = description(index)
    said = {"id": index_id, "name": index.name, "config": about["config"], "vectorsCount": vectors}
    if index.description is not None:
        said["description"] = index.description
    return said


def vector(stored: Vector) -> dict[str, Any]:
    body: dict[str, Any] = {"id": stored.id, "values": _widened(stored.values)}
    _add_payload(body, stored.namespace, stored.metadata_json)
    return body


def page(found: VectorPage) -> dict[str, Any]:
    return {
        "count": len(found.ids),
        "totalCount": found.total_count,
        "isTruncated": found.next_cursor is not None,
        "nextCursor": found.next_cursor,
        "cursorExpirationTimestamp": time(found.cursor_expires) if found.cursor_expires else None,
        "vectors": [{"id": vector_id} for vector_id in found.ids],
    }


def metadata_indexes(found: list[MetadataIndex]) -> dict[str, Any]:
    listed = [{"propertyName": index.property_name, "indexType": index.type} for index in found]
    return {"metadataIndexes": listed}


def time(moment: datetime) -> str:
    """ISO 8601 with microseconds, in UTC."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _match(match: Match) -> dict[str, Any]:
    body: dict[str, Any] = {"id": match.id, "score": np.float32(match.score)}
    if match.values is not None:
        body["values"] = _widened(match.values)
    _add_payload(body, match.namespace, match.metadata_json)
    return body


def _nested_match(match: Match, vectors: bool) -> dict[str, Any]:
    body = _match(match)
    score = body.pop("score")
    nested = {"vectorId": match.id, "score": score}
    return {**nested, "vector": body} if vectors else nested


def _add_payload(body: dict[str, Any], namespace: str | None, metadata: bytes | None) -> None:
    if namespace is not None:
        body["namespace"] = namespace
    if metadata is not None:
        body["metadata"] = orjson.Fragment(metadata)


def _widened(values: FloatArray) -> Any:
    """float32 as doubles: 58.8 is written as 58.79999923706055, as the service does."""
    return values.astype(np.float64)
