"""The parts of what the scenario's steps give."""

from __future__ import annotations

import re
from typing import Any

from tests.clients.programs import UUID

_DIMENSIONS = 32


class Text:
    """Equals every string that a pattern fits."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and bool(re.fullmatch(self._pattern, other))

    __hash__ = None  # type: ignore[assignment] # equal to many

    def __repr__(self) -> str:
        return f"Text({self._pattern!r})"


_TIME = Text(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
MUTATION = {"mutationId": Text(UUID)}
NONE: dict[str, Any] = {"count": 0, "matches": []}

# The four vectors that the scenario stores.
_METADATA: dict[str, dict[str, Any]] = {
    "one": {"kind": "red", "n": 1, "ok": True, "tags": ["x", "y"]},
    "two": {"kind": "green", "n": 2, "ok": False, "place": {"city": "Rome"}},
    "three": {"kind": "x" * 70, "n": 3},
}
_NAMESPACE = {"one": "odd", "two": "even"}
_PLACE = {"one": 1.0, "two": 2.5, "three": 4.25, "tenth": 0.10000000149011612}


def at(place: float) -> list[float]:
    """The vector at a place on the first axis."""
    return [place, *[0.0] * (_DIMENSIONS - 1)]


def _namespace(name: str) -> dict[str, Any]:
    return {"namespace": _NAMESPACE[name]} if name in _NAMESPACE else {}


def payload(name: str) -> dict[str, Any]:
    """The member of a vector's metadata, if it has any."""
    return {"metadata": _METADATA[name]} if name in _METADATA else {}


def stored(name: str) -> dict[str, Any]:
    """A vector as getByIds gives it."""
    return {"id": name, "values": at(_PLACE[name]), **_namespace(name), **payload(name)}


def match(name: str, score: float, **members: Any) -> dict[str, Any]:
    """A vector as a query gives it, with these members more."""
    return {"id": name, "score": score, **_namespace(name), **members}


def matches(*found: dict[str, Any]) -> dict[str, Any]:
    """A query's answer."""
    return {"count": len(found), "matches": list(found)}


def info(count: int) -> dict[str, Any]:
    """What describe gives when so many vectors are stored."""
    return {
        "dimensions": _DIMENSIONS,
        "metric": "euclidean",
        "vectorCount": count,
        "processedUpToDatetime": _TIME,
        "processedUpToMutation": Text(UUID),
    }


def failed(operation: str, code: int, text: str) -> dict[str, str]:
    """An error as a binding throws it."""
    return {"error": f"{operation}_ERROR (code = {code}): {text}", "cause": text}


def get_failed(code: int, text: str) -> dict[str, str]:
    return failed("VECTOR_GET", code, text)


def query_failed(code: int, text: str) -> dict[str, str]:
    return failed("VECTOR_QUERY", code, text)


def insert_failed(code: int, text: str) -> dict[str, str]:
    return failed("VECTOR_INSERT", code, text)


def upsert_failed(code: int, text: str) -> dict[str, str]:
    return failed("VECTOR_UPSERT", code, text)


def delete_failed(code: int, text: str) -> dict[str, str]:
    return failed("VECTOR_DELETE", code, text)


def unparsable_query(text: str) -> dict[str, str]:
    """A query whose body holds something that no query has."""
    return query_failed(40026, f"Failed to parse the request body as JSON: {text}")


def every_method(code: int, text: str) -> dict[str, Any]:
    """What each method throws when this is wrong with the index or the caller."""
    return {
        "describe": failed("INDEX_GET", code, text),
        "query": query_failed(code, text),
        "queryById": query_failed(code, text),
        "insert": insert_failed(code, text),
        "upsert": upsert_failed(code, text),
        "getByIds": get_failed(code, text),
        "deleteByIds": delete_failed(code, text),
    }
