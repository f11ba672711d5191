"""After the answer to a write, the next read sees it, always."""

from __future__ import annotations

import itertools
import random
import threading
from pathlib import Path

import httpx2
import numpy as np

import vecinity
from tests.support.server import Server

_OVER_HTTP = 1_000
_TRIES = 10_000


def _axis(number: int) -> list[float]:
    """A vector that no other number's vector is nearer to than its own."""
    rng = np.random.default_rng(number)
    return [float(value) for value in rng.standard_normal(32).astype(np.float32)]


def test_ten_thousand_writes_are_seen_by_the_next_query(memory_path: Path) -> None:
    rng = random.Random(1)
    with vecinity.open(memory_path) as db:
        db.create_index("seen", dimensions=32, metric="cosine")
        index = db.index("seen")
        alive: dict[str, list[float]] = {}
        for number in range(_TRIES):
            if alive and rng.random() < 0.3:
                vector_id = rng.choice(list(alive))
                values = alive.pop(vector_id)
                mutation = index.delete_by_ids([vector_id])
                assert vector_id not in {match.id for match in index.query(values, top_k=1)}
            else:
                vector_id = str(rng.randrange(500))
                values = alive[vector_id] = _axis(number)
                mutation = index.upsert([{"id": vector_id, "values": values}])
                [match] = index.query(values, top_k=1)
                assert match.id == vector_id
            info = index.describe()
            assert (info.vector_count, info.processed_up_to_mutation) == (len(alive), mutation)


def test_writes_over_http_are_seen_by_the_next_request(
    http: httpx2.Client, index_name: str
) -> None:
    config = {"dimensions": 32, "metric": "euclidean"}
    http.post("/indexes", json={"name": index_name, "config": config})
    for number in range(_OVER_HTTP):
        vector = {"id": str(number % 50), "values": _axis(number), "metadata": {"n": number}}
        written = http.post(f"/indexes/{index_name}/upsert", json={"vectors": [vector]}).json()
        body = {"vector": _axis(number), "topK": 1, "returnMetadata": "all"}
        [match] = http.post(f"/indexes/{index_name}/query", json=body).json()["result"]["matches"]
        assert match["metadata"] == {"n": number}
        info = http.get(f"/indexes/{index_name}/info").json()["result"]
        assert info["processedUpToMutation"] == written["result"]["mutationId"]


def test_each_of_many_clients_sees_its_own_writes(server: Server, index_name: str) -> None:
    with server.client() as client:
        config = {"dimensions": 32, "metric": "cosine"}
        client.post("/indexes", json={"name": index_name, "config": config})
    failures: list[str] = []
    numbers = itertools.count()

    def write_and_read(client_number: int) -> None:
        with server.client() as client:
            for _ in range(50):
                number = next(numbers)
                vector = {"id": f"{client_number}-{number}", "values": _axis(number)}
                client.post(f"/indexes/{index_name}/insert", json={"vectors": [vector]})
                body = {"vector": _axis(number), "topK": 1}
                answer = client.post(f"/indexes/{index_name}/query", json=body).json()
                if answer["result"]["matches"][0]["id"] != vector["id"]:
                    failures.append(str(vector["id"]))

    threads = [threading.Thread(target=write_and_read, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    with server.client() as client:
        info = client.get(f"/indexes/{index_name}/info").json()["result"]
    assert info["vectorCount"] == 400
