"""`vecinity serve --fail`: errors on purpose, in the service's words, and nothing else happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

import vecinity
from tests.contract.api import (
    ROUTES,
    UPSTREAM,
    Index,
    create,
    details,
    ndjson,
    refused,
    result,
    vector,
)
from tests.support.server import Server
from vecinity.errors import TooManyRequests, by_code

_WHY = ["failed on purpose (--fail)"]


@contextmanager
def _failing(folder: Path, *faults: str) -> Iterator[tuple[Server, httpx2.Client]]:
    flags = [f"--fail={fault}" for fault in faults]
    with Server(folder / "data", *flags) as server, server.client() as client:
        yield server, client
    assert "Traceback" not in server.log()


def test_rate_one_fails_every_route_and_not_the_health_check(tmp_path: Path) -> None:
    with _failing(tmp_path, "rate=1,code=40041") as (server, client):
        expected = "Fails 100% of all operations with code 40041, status 429 (--fail)"
        assert expected in server.log().splitlines()
        for method, route in ROUTES:
            response = client.request(method, route.format("i"))
            assert response.headers["retry-after"] == "1"
            prefix = UPSTREAM if route.endswith(("/insert", "/upsert")) else ""
            refused(response, 429, 40041, f"{prefix}Too Many Requests")
            assert details(response) == _WHY
        assert httpx2.get(f"{server.url}/healthz").json()["status"] == "ok"


@pytest.mark.parametrize("code", [3000, 9109, 10500, 40008, 40050])
def test_each_code_with_its_status_and_text(tmp_path: Path, code: int) -> None:
    texts = {
        3000: 'vectorize.index.not_found - Index name "<name>"',
        9109: "Unauthorized to access requested resource",
        10500: "Internal server error",
        40008: "id too long; max is <max_bytes> bytes, got <got> bytes",
        40050: "storage unavailable: <why>",
    }
    with _failing(tmp_path, f"rate=1,code={code}") as (_, client):
        response = client.get("/indexes")
        refused(response, by_code()[code].status, code, texts[code])
        assert "retry-after" not in response.headers


def test_rate_zero_fails_nothing(tmp_path: Path) -> None:
    with _failing(tmp_path, "rate=0,code=10500") as (_, client):
        index = create(client, "i")
        index.upsert(vector("a"))
        for _ in range(100):
            assert index.ids() == ["a"]


def test_a_failed_write_wrote_nothing(tmp_path: Path) -> None:
    operations = [
        *("insert", "upsert", "delete_by_ids", "create_metadata_index", "delete_metadata_index"),
        "delete_index",
    ]
    with Server(tmp_path / "data") as server, server.client() as client:
        index = create(client, "i")
        index.make_filterable(k="string")
        index.upsert(vector("a"))
        before = index.state()
    faults = [f"rate=1,code=40050,operation={name}" for name in operations]
    with _failing(tmp_path, *faults) as (_, client):
        index = Index(client, "i")
        text = "storage unavailable: <why>"
        for operation in ("insert", "upsert"):
            refused(index.send(operation, ndjson(vector("b"))), 503, 40050, UPSTREAM + text)
        refused(index.post("delete_by_ids", {"ids": ["a"]}), 503, 40050, text)
        body = {"propertyName": "n", "indexType": "string"}
        refused(index.post("metadata_index/create", body), 503, 40050, text)
        refused(index.post("metadata_index/delete", {"propertyName": "k"}), 503, 40050, text)
        refused(client.delete("/indexes/i"), 503, 40050, text)
        assert index.state() == before
        listed = result(index.get("metadata_index/list"))["metadataIndexes"]
        assert listed == [{"propertyName": "k", "indexType": "string"}]
        create(client, "j")


def test_a_seed_makes_the_same_calls_fail(tmp_path: Path) -> None:
    runs = []
    for number, seed in enumerate([7, 7, 8]):
        fault = f"rate=0.5,code=40041,operation=list_indexes,seed={seed}"
        with _failing(tmp_path / str(number), fault) as (server, client):
            assert "Fails 50% of list_indexes" in server.log()
            runs.append([client.get("/indexes").status_code for _ in range(200)])
    assert runs[0] == runs[1] != runs[2]
    assert set(runs[0]) == {200, 429}
    assert 60 < runs[0].count(429) < 140


def test_the_first_fault_that_strikes_is_the_answer(tmp_path: Path) -> None:
    faults = ["rate=0,code=10500", "rate=1,code=40041,operation=info", "rate=1,code=3000"]
    with _failing(tmp_path, *faults) as (_, client):
        assert client.get("/indexes/i/info").status_code == 429
        assert client.get("/indexes").status_code == 404


def test_who_may_not_call_is_told_that_first(tmp_path: Path) -> None:
    with (
        Server(tmp_path / "data", "--token", "right", "--fail=rate=1,code=40041") as server,
        server.client(token="wrong") as client,
    ):
        refused(client.get("/indexes"), 401, 10000, "Authentication error")


def test_the_library_tells_the_detail(tmp_path: Path) -> None:
    with _failing(tmp_path, "rate=1,code=40041") as (server, _):
        database = vecinity.connect(server.url, token="any")
        with database, pytest.raises(TooManyRequests) as raised:
            database.list_indexes()
    assert raised.value.detail == "failed on purpose (--fail)"
