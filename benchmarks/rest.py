"""The whole real set over REST: rate acknowledged, where the time goes, exactness, latency."""

from __future__ import annotations

import queue
import statistics
import tempfile
import threading
import time
from pathlib import Path

import httpx2
from tests.support.server import Server

from benchmarks.dataset import METADATA_INDEXES, Dataset
from benchmarks.stages import ingest_stages, query_stages
from vecinity.metric import FloatArray

_BATCH = 5_000
_CONNECTIONS = 2


def run(folder: Path, rounds: int) -> list[str]:
    """Markdown lines of all tables."""
    data = Dataset.load(folder)
    bodies = data.ndjson(_BATCH)
    rates = []
    for number in range(rounds):
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as home, Server(Path(home)) as server:
            rates.append(_ingest(server, data, bodies))
            print(f"round {number + 1}: {rates[-1]:,.0f} vectors/s")
            if number == rounds - 1:
                _wait_indexed(server)
                queries = _queries(server, data)
    megabytes = sum(map(len, bodies)) / 1e6
    return [
        "# Over REST",
        "",
        f"{len(data.ids):,} x 384 with metadata and {len(METADATA_INDEXES)} metadata indexes, "
        f"{len(bodies)} bodies of {_BATCH:,} lines ({megabytes:,.0f} MB), sent by {_CONNECTIONS} "
        "connections from the same machine to one server process; every answer is durable.",
        "",
        "| | vectors/s |",
        "| --- | --- |",
        f"| median of {rounds} rounds | {statistics.median(rates):,.0f} |",
        f"| slowest, fastest | {min(rates):,.0f}, {max(rates):,.0f} |",
        "",
        *queries,
        "",
        *ingest_stages(data, bodies),
        "",
        *query_stages(data),
    ]


def _ingest(server: Server, data: Dataset, bodies: list[bytes]) -> float:
    """Vectors acknowledged per second."""
    with server.client() as client:
        config = {"dimensions": 384, "metric": "cosine"}
        _ok(client.post("/indexes", json={"name": "real", "config": config}))
        for name, kind in METADATA_INDEXES.items():
            body = {"propertyName": name, "indexType": kind}
            _ok(client.post("/indexes/real/metadata_index/create", json=body))
    waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    for item in [*bodies, *[None] * _CONNECTIONS]:
        waiting.put(item)
    threads = [threading.Thread(target=_send, args=(server, waiting)) for _ in range(_CONNECTIONS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    with server.client() as client:
        count: int = _ok(client.get("/indexes/real/info")).json()["result"]["vectorCount"]
    assert count == len(data.ids), count
    return count / seconds


def _send(server: Server, waiting: queue.SimpleQueue[bytes | None]) -> None:
    headers = {"content-type": "application/x-ndjson"}
    with server.client() as client:
        while (body := waiting.get()) is not None:
            _ok(client.post("/indexes/real/insert", content=body, headers=headers))


def _queries(server: Server, data: Dataset) -> list[str]:
    lines = [
        "| top_k | queries | scores below the true k-th nearest - 1e-6 | p50 ms | p99 ms |",
        "| --- | --- | --- | --- | --- |",
    ]
    with server.client() as client:
        for top_k in (10, 100):
            answers = [_query(client, query, top_k) for query in data.queries]
            low = sum(
                score < data.similarities[number, top_k - 1] - 1e-6
                for number, (_, scores) in enumerate(answers)
                for score in scores
            )
            short = sum(len(scores) != top_k for _, scores in answers)
            assert not short, f"{short} answers have not {top_k} matches"
            times = sorted(seconds * 1000 for seconds, _ in answers)
            p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
            lines.append(f"| {top_k} | {len(answers)} | {low} | {p50:.1f} | {p99:.1f} |")
    return lines


def _wait_indexed(server: Server) -> None:
    while httpx2.get(f"{server.url}/healthz").json()["indexing"]["vectors"]:
        time.sleep(0.5)


def _query(client: httpx2.Client, query: FloatArray, top_k: int) -> tuple[float, list[float]]:
    body = {"vector": query.tolist(), "topK": top_k}
    start = time.perf_counter()
    response = client.post("/indexes/real/query", json=body)
    seconds = time.perf_counter() - start
    return seconds, [match["score"] for match in _ok(response).json()["result"]["matches"]]


def _ok(response: httpx2.Response) -> httpx2.Response:
    assert response.status_code == 200, response.text
    return response
