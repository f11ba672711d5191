"""What the tests of the legacy V1 API say over and over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2

from tests.contract.api import Index, create, ndjson, result

WRONG_VERSION = (400, 3004, "vectorize.incorrect_api_version")

ROUTES = [
    ("GET", "/indexes"),
    ("POST", "/indexes"),
    ("GET", "/indexes/{}"),
    ("PUT", "/indexes/{}"),
    ("DELETE", "/indexes/{}"),
    ("POST", "/indexes/{}/insert"),
    ("POST", "/indexes/{}/upsert"),
    ("POST", "/indexes/{}/query"),
    ("POST", "/indexes/{}/get-by-ids"),
    ("POST", "/indexes/{}/delete-by-ids"),
]
"""The 10 routes of the V1 API, with a place for the index's name."""


class LegacyIndex(Index):
    """One V1 index over REST."""

    def written(self, operation: str, *vectors: Mapping[str, Any]) -> list[str]:
        """Insert or upsert; returns the ids that the answer names."""
        return _ids(self.send(operation, ndjson(*vectors)))

    def removed(self, *ids: str) -> list[str]:
        """Delete; returns the ids that the answer names."""
        return _ids(self.post("delete-by-ids", {"ids": ids}))

    def vectors(self, *ids: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = result(self.post("get-by-ids", {"ids": ids}))
        return listed

    def found(self, filter: object, **query: Any) -> set[str]:
        """The ids that a filter lets through, of an index of at most 20 vectors."""
        return {match["id"] for match in self.matches(filter=filter, topK=20, **query)}


def create_v1(http: httpx2.Client, name: str, metric: str = "cosine") -> LegacyIndex:
    """A fresh V1 index of 32 dimensions."""
    return LegacyIndex(http, create(http, name, metric).name)


def _ids(response: httpx2.Response) -> list[str]:
    answer = result(response)
    assert answer.keys() == {"count", "ids"}
    assert answer["count"] == len(answer["ids"])
    ids: list[str] = answer["ids"]
    return ids
