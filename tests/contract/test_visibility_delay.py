"""`vecinity serve --visibility-delay`: reads see writes later, in order, also over a restart.

The first tests' delay is longer than they run; the others wait for what must come.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.contract.api import Index, create, padded, refused, result, vector, watched
from tests.support.server import Server

_LONG = "600s"
_SHORT = 0.75
_PATIENCE = 60


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """A server where nothing becomes visible while the tests run."""
    data = tmp_path_factory.mktemp("late") / "data"
    with Server(data, "--visibility-delay", _LONG) as server, watched(server) as client:
        assert "Reads see a write after 600 s (--visibility-delay)" in server.log()
        yield client


def test_no_read_sees_a_young_write(late: httpx2.Client, index_name: str) -> None:
    index = create(late, index_name)
    index.make_filterable(k="string")
    index.upsert(vector("a", namespace="n", metadata={"k": "x"}), vector("b"))
    index.write("insert", vector("c"))
    index.delete("b")
    assert index.vectors("a", "b", "c") == []
    assert index.matches() == index.matches(vectorId="a") == index.matches(namespace="n") == []
    assert index.found({"k": "x"}) == set()
    page = index.page()
    assert (page["vectors"], page["totalCount"], page["isTruncated"]) == ([], 0, False)
    info = index.info()
    assert info["vectorCount"] == 0
    assert info["processedUpToMutation"] is info["processedUpToDatetime"] is None
    assert result(index.get("metadata_index/list")) == {"metadataIndexes": []}


def test_writes_are_checked_against_what_is_not_visible_yet(
    late: httpx2.Client, index_name: str
) -> None:
    index = create(late, index_name)
    for n in range(10):
        index.make_filterable(**{f"k{n}": "string"})
    response = index.post("metadata_index/create", {"propertyName": "x", "indexType": "string"})
    refused(response, 400, 40004, "too many metadata indexes; max is 10")
    result(index.post("metadata_index/delete", {"propertyName": "k0"}))
    response = index.post("metadata_index/delete", {"propertyName": "k0"})
    refused(response, 400, 40005, 'metadata index not found: "k0"')


def test_indexes_themselves_are_there_at_once(late: httpx2.Client, index_name: str) -> None:
    create(late, index_name)
    assert index_name in [each["name"] for each in result(late.get("/indexes"))]
    result(late.delete(f"/indexes/{index_name}"))
    assert index_name not in [each["name"] for each in result(late.get("/indexes"))]


def test_mutations_become_visible_in_order_and_not_early(tmp_path: Path) -> None:
    with (
        Server(tmp_path / "data", "--visibility-delay", f"{_SHORT}s") as server,
        watched(server) as client,
    ):
        index = create(client, "i")
        mutations: list[str | None] = [None]
        written = [0.0]
        for n in range(8):
            written.append(time.monotonic())
            mutations.append(index.write("insert", vector(f"v{n}")))
        index.write("insert", vector("v0", 2.0))  # the first counts, visible or not
        last = index.upsert(vector("v1", 3.0))
        seen = _watch(index, last, mutations, written)
        assert seen == sorted(seen)
        assert [each["values"][0] for each in index.vectors("v0", "v1")] == [1.0, 3.0]


def _watch(index: Index, last: str, mutations: list[str | None], written: list[float]) -> list[int]:
    """The counts seen until mutation `last` is visible; each must be its mutation's."""
    seen = []
    for info in _until(index.info, lambda found: found["processedUpToMutation"] == last):
        if info["processedUpToMutation"] in mutations:
            count = info["vectorCount"]
            assert mutations.index(info["processedUpToMutation"]) == count
            assert not count or time.monotonic() - written[count] >= _SHORT
            seen.append(count)
    return seen


def test_a_listing_goes_on_as_it_began(tmp_path: Path) -> None:
    with (
        Server(tmp_path / "data", "--visibility-delay", f"{_SHORT}") as server,
        watched(server) as client,
    ):
        index = create(client, "i")
        _wait_for(index, index.upsert(*(vector(f"v{n}") for n in range(4))))
        first = index.page(count=2)
        index.delete("v0", "v2", "v3")
        last = index.upsert(vector("v9"))
        assert (first["totalCount"], _ids(first)) == (4, ["v0", "v1"])
        _wait_for(index, last)
        assert _ids(index.page()) == ["v1", "v9"]
        rest = index.page(count=2, cursor=first["nextCursor"])
        assert (rest["totalCount"], _ids(rest)) == (4, ["v2", "v3"])


def test_a_dropped_metadata_index_works_until_that_is_visible(tmp_path: Path) -> None:
    with (
        Server(tmp_path / "data", "--visibility-delay", f"{_SHORT * 1000:g}ms") as server,
        watched(server) as client,
    ):
        index = create(client, "i")
        index.make_filterable(k="string")
        last = index.upsert(vector("a", metadata={"k": "x"}))
        _wait_for(index, last)
        assert index.found({"k": "x"}) == {"a"}
        body = {"propertyName": "k"}
        dropped = result(index.post("metadata_index/delete", body))["mutationId"]
        for found in _until(index.info, lambda info: info["processedUpToMutation"] == dropped):
            listed = result(index.get("metadata_index/list"))["metadataIndexes"]
            matches = index.found({"k": "x"})
            if found == index.info():  # nothing became visible in between
                gone = found["processedUpToMutation"] == dropped
                assert (listed, matches) == (
                    ([], set()) if gone else ([{"propertyName": "k", "indexType": "string"}], {"a"})
                )
        assert index.found({"k": "x"}) == set()


@pytest.mark.parametrize("crash", [False, True])
def test_a_restart_neither_shows_young_writes_nor_loses_them(tmp_path: Path, crash: bool) -> None:
    with Server(tmp_path / "data", "--visibility-delay", _LONG) as server:
        with watched(server) as client:
            index = create(client, "i")
            index.make_filterable(k="string")
            last = index.upsert(vector("a", metadata={"k": "x"}), vector("b"))
            last = index.delete("b")
            before = index.state()
        if crash:
            server.kill()
    with (
        Server(tmp_path / "data", "--visibility-delay", _LONG) as server,
        watched(server) as client,
    ):
        index = Index(client, "i")
        assert index.state() == before == (0, None, [])
        index.write("insert", vector("a", 2.0), vector("c"))
        assert index.found({"k": "x"}) == set()
    with Server(tmp_path / "data") as server, watched(server) as client:
        index = Index(client, "i")
        assert index.state() == (2, index.info()["processedUpToMutation"], ["a", "c"])
        assert index.info()["processedUpToMutation"] != last
        assert index.vectors("a") == [{"id": "a", "values": padded(1.0), "metadata": {"k": "x"}}]
        assert index.found({"k": "x"}) == {"a"}


def _ids(page: dict[str, list[dict[str, str]]]) -> list[str]:
    return [each["id"] for each in page["vectors"]]


def _wait_for(index: Index, mutation: str) -> None:
    for _ in _until(index.info, lambda info: info["processedUpToMutation"] == mutation):
        pass


def _until(
    read: Callable[[], dict[str, object]], enough: Callable[[dict[str, object]], bool]
) -> Iterator[dict[str, object]]:
    """Everything read, up to what is enough; it must come."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        found = read()
        yield found
        if enough(found):
            return
        time.sleep(0.01)
    raise AssertionError(f"never came: {found}")
