"""Two APIs, one space of names: each refuses the indexes of the other."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

import vecinity
from tests.contract import api, legacy
from tests.contract.api import Index, create, refused, result, vector
from tests.contract.legacy import WRONG_VERSION, LegacyIndex, create_v1
from tests.support.server import ACCOUNT, Server
from vecinity.errors import DuplicateName, IncorrectApiVersion
from vecinity.limits import CLOUDFLARE
from vecinity.local.engine import LocalEngine


@pytest.mark.parametrize(("method", "path"), legacy.ROUTES[2:])
def test_v1_paths_refuse_a_v2_index(
    v1: httpx2.Client, v2: httpx2.Client, index_name: str, method: str, path: str
) -> None:
    index = create(v2, index_name)
    index.upsert(vector("a"))
    before = index.state()
    refused(v1.request(method, path.format(index_name), json={}), *WRONG_VERSION)
    assert index.state() == before


@pytest.mark.parametrize(("method", "path"), api.ROUTES[2:])
def test_v2_paths_refuse_a_v1_index(
    v1_index: LegacyIndex, v2: httpx2.Client, method: str, path: str
) -> None:
    v1_index.written("insert", vector("a"))
    refused(v2.request(method, path.format(v1_index.name), json={}), *WRONG_VERSION)
    assert [match["id"] for match in v1_index.matches()] == ["a"]


def test_where_none_can_be_created_a_v2_index_is_refused_alike(
    index: Index, server: Server
) -> None:
    with server.client(api="vectorize") as v1:
        for method, path in legacy.ROUTES[2:]:
            refused(v1.request(method, path.format(index.name), json={}), *WRONG_VERSION)
        assert result(v1.get("/indexes")) == []


def test_each_listing_shows_its_own(v1: httpx2.Client, v2: httpx2.Client, index_name: str) -> None:
    create_v1(v1, f"{index_name}-1")
    create(v2, f"{index_name}-2")
    old = {index["name"] for index in result(v1.get("/indexes"))}
    new = {index["name"] for index in result(v2.get("/indexes"))}
    assert f"{index_name}-1" in old - new
    assert f"{index_name}-2" in new - old


def test_a_name_stands_for_one_index(v1: httpx2.Client, v2: httpx2.Client, index_name: str) -> None:
    config = {"dimensions": 64, "metric": "euclidean"}
    body = {"name": index_name, "config": config}
    duplicate = (400, 3002, f'vectorize.index.duplicate_name - Index name "{index_name}"')
    for first, second in ((v1, v2), (v2, v1)):
        create(first, index_name)
        refused(first.post("/indexes", json=body), *duplicate)
        refused(second.post("/indexes", json=body), *duplicate)
        assert result(first.delete(f"/indexes/{index_name}")) is None
        assert result(second.post("/indexes", json=body))["config"] == config
        assert result(second.delete(f"/indexes/{index_name}")) is None


def test_the_library_is_a_v2_client(tmp_path: Path) -> None:
    with Server(tmp_path, "--legacy-v1") as server, server.client(api="vectorize") as v1:
        create_v1(v1, "old").written("insert", vector("a"))
        with vecinity.connect(server.url, account=ACCOUNT) as database:
            _refuses(database)
    engine = LocalEngine(tmp_path)
    with vecinity.Database(engine, CLOUDFLARE, account=ACCOUNT) as database:
        _refuses(database)
        [kept] = engine.open_index(ACCOUNT, "old", "v1").get_by_ids(["a"])
        assert kept.id == "a"


def _refuses(database: vecinity.Database) -> None:
    assert database.list_indexes() == []
    with pytest.raises(IncorrectApiVersion):
        database.get_index("old")
    with pytest.raises(IncorrectApiVersion):
        database.index("old").describe()
    with pytest.raises(IncorrectApiVersion):
        database.delete_index("old")
    with pytest.raises(DuplicateName):
        database.create_index("old", dimensions=32, metric="cosine")
