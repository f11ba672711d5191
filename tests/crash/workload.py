"""Clients that write at random and know exactly what an honest server may hold afterwards."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Mapping
from typing import Any

import httpx2
import numpy as np

from tests.support.server import Server

INDEX = "crash"
DIMENSIONS = 32
_IDS_A_CLIENT = 150
_LARGEST_BATCH = 200
_GET_IDS = 20

State = dict[str, int]
"""The version of each id that is there."""


def values_of(vector_id: str, version: int) -> list[float]:
    """What version `version` of an id holds; float32 values."""
    rng = np.random.default_rng([version, *vector_id.encode()])
    return [float(value) for value in rng.standard_normal(DIMENSIONS).astype(np.float32)]


def vector_of(vector_id: str, version: int) -> dict[str, Any]:
    metadata = {"version": version, "text": "x" * (version % 300)}
    namespace = f"n{version % 3}" if version % 4 else None
    vector = {"id": vector_id, "values": values_of(vector_id, version), "metadata": metadata}
    return vector if namespace is None else {**vector, "namespace": namespace}


class Client:
    """One writer with ids of its own.

    Attributes:
        acknowledged: what the server said it holds.
        in_flight: what it would hold after the write that was never answered, if any.
    """

    _versions = itertools.count(1)

    def __init__(self, number: int, seed: int) -> None:
        self.prefix = f"c{number}-"
        self.acknowledged: State = {}
        self.in_flight: State | None = None
        self.writes = 0
        self._random = random.Random(f"{seed}-{number}")

    def run(self, server: Server, stop: threading.Event) -> None:
        """Write until the server is gone or `stop` is set."""
        with server.client() as http:
            while not stop.is_set():
                try:
                    self._write(http)
                except httpx2.TransportError:
                    return

    def settle(self, found: State) -> str | None:
        """Take what was found as the truth; returns what is wrong with it, if anything."""
        mine = {key: found[key] for key in found if key.startswith(self.prefix)}
        allowed = [self.acknowledged]
        if self.in_flight is not None:
            allowed.append(self.in_flight)
        problem = None if mine in allowed else _difference(self.acknowledged, mine)
        self.acknowledged, self.in_flight = mine, None
        return problem

    def _write(self, http: httpx2.Client) -> None:
        count = self._random.randint(1, _LARGEST_BATCH)
        ids = [f"{self.prefix}{self._random.randrange(_IDS_A_CLIENT)}" for _ in range(count)]
        operation = self._random.choice(["insert", "upsert", "upsert", "delete_by_ids"])
        after = dict(self.acknowledged)
        if operation == "delete_by_ids":
            ids = ids[:100]
            for vector_id in ids:
                after.pop(vector_id, None)
            body: dict[str, Any] = {"ids": ids}
        else:
            versions = [(vector_id, next(self._versions)) for vector_id in ids]
            for vector_id, version in versions:
                if operation == "upsert" or vector_id not in after:
                    after[vector_id] = version
            body = {"vectors": [vector_of(*pair) for pair in versions]}
        self.in_flight = after
        response = http.post(f"/indexes/{INDEX}/{operation}", json=body)
        assert response.status_code == 200, response.text
        self.acknowledged, self.in_flight = after, None
        self.writes += 1


def stored(http: httpx2.Client) -> State:
    """What the server holds, by listing and getting it all; everything must agree."""
    ids: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        parameters = {"count": "1000"} | ({"cursor": cursor} if cursor else {})
        page = _result(http.get(f"/indexes/{INDEX}/list", params=parameters))
        ids += [vector["id"] for vector in page["vectors"]]
        cursor = page["nextCursor"]
    assert len(ids) == len(set(ids)), "an id is listed twice"
    count = _result(http.get(f"/indexes/{INDEX}/info"))["vectorCount"]
    assert count == len(ids), f"{count} counted, {len(ids)} listed"
    state: State = {}
    for start in range(0, len(ids), _GET_IDS):
        wanted = ids[start : start + _GET_IDS]
        found = _result(http.post(f"/indexes/{INDEX}/get_by_ids", json={"ids": wanted}))
        assert [vector["id"] for vector in found] == wanted
        for vector in found:
            version = vector["metadata"]["version"]
            assert vector == vector_of(vector["id"], version), f"{vector['id']} is torn"
            state[vector["id"]] = version
    _check_queries(http, state)
    return state


def _check_queries(http: httpx2.Client, state: Mapping[str, int]) -> None:
    for vector_id in list(state)[:: max(1, len(state) // 10)]:
        body = {"vectorId": vector_id, "topK": 20, "returnMetadata": "all"}
        matches = _result(http.post(f"/indexes/{INDEX}/query", json=body))["matches"]
        assert matches[0]["id"] == vector_id
        for match in matches:
            assert state[match["id"]] == match["metadata"]["version"]


def _result(response: httpx2.Response) -> Any:
    assert response.status_code == 200, response.text
    return response.json()["result"]


def _difference(acknowledged: State, found: State) -> str:
    ids = [
        key for key in acknowledged.keys() | found.keys() if acknowledged.get(key) != found.get(key)
    ]
    some = {key: (acknowledged.get(key), found.get(key)) for key in sorted(ids)[:5]}
    return f"{len(ids)} ids differ (acknowledged, found): {some}"
