"""A server that is asked to end finishes what it began."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import numpy as np
import orjson

from tests.support.server import Server

_VECTORS = 5_000


def _body() -> bytes:
    values = np.random.default_rng(0).standard_normal((_VECTORS, 64)).astype(np.float32)
    return b"\n".join(
        orjson.dumps({"id": str(n), "values": row}, option=orjson.OPT_SERIALIZE_NUMPY)
        for n, row in enumerate(values)
    )


def test_a_write_in_flight_is_answered_and_kept(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    with server.client() as client:
        config = {"dimensions": 64, "metric": "cosine"}
        client.post("/indexes", json={"name": "docs", "config": config})
    sent = threading.Event()
    answers: list[httpx2.Response] = []

    def write() -> None:
        def chunks() -> Iterator[bytes]:
            body = _body()
            yield body[:1000]
            sent.set()
            yield body[1000:]

        headers = {"content-type": "application/x-ndjson"}
        with server.client() as client:
            answers.append(client.post("/indexes/docs/insert", content=chunks(), headers=headers))

    writer = threading.Thread(target=write)
    writer.start()
    sent.wait()
    assert server.stop() == 0
    writer.join()
    assert [answer.status_code for answer in answers] == [200]
    assert "Traceback" not in server.log()
    with Server(tmp_path / "data") as again, again.client() as client:
        info = client.get("/indexes/docs/info").json()["result"]
    assert info["vectorCount"] == _VECTORS
    assert info["processedUpToMutation"] == answers[0].json()["result"]["mutationId"]
