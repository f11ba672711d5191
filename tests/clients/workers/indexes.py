"""The indexes behind a Worker's bindings."""

from __future__ import annotations

import json
from collections.abc import Mapping

import httpx2

from tests.support.server import Server

MISSING = "ways-missing"
DELETED = "ways-deleted"
FULL = "ways-full"
PROPERTIES = {"kind": "string", "n": "number", "ok": "boolean", "place.city": "string"}
"""The metadata indexes that the scenario's filters use."""

_DIMENSIONS = 32
_NAMESPACES = 50_000
_BATCH = 5_000


class Indexes:
    """Makes them on `server`: one that was deleted and a full one now, others when asked for."""

    def __init__(self, server: Server) -> None:
        self.server = server
        with server.client() as http:
            _create(http, DELETED)
            http.delete(f"/indexes/{DELETED}").raise_for_status()
            _create(http, FULL)
            for start in range(0, _NAMESPACES, _BATCH):
                _fill(http, FULL, start)

    def of(self, name: str) -> Mapping[str, str]:
        """The index of each of the scenario's bindings; `INDEX` is a new one of this name."""
        with self.server.client() as http:
            _create(http, name)
            for property_name, kind in PROPERTIES.items():
                body = {"propertyName": property_name, "indexType": kind}
                made = http.post(f"/indexes/{name}/metadata_index/create", json=body)
                made.raise_for_status()
        return {"INDEX": name, "MISSING": MISSING, "DELETED": DELETED, "FULL": FULL}


def _create(http: httpx2.Client, name: str) -> None:
    config = {"dimensions": _DIMENSIONS, "metric": "euclidean"}
    http.post("/indexes", json={"name": name, "config": config}).raise_for_status()


def _fill(http: httpx2.Client, name: str, start: int) -> None:
    """Insert vectors with a namespace each."""
    zeros = [0] * _DIMENSIONS
    numbers = range(start, start + _BATCH)
    vectors = [{"id": f"v{n}", "values": zeros, "namespace": f"n{n}"} for n in numbers]
    headers = {"content-type": "application/x-ndjson"}
    body = "\n".join(map(json.dumps, vectors))
    http.post(f"/indexes/{name}/insert", content=body, headers=headers).raise_for_status()
