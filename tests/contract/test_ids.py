"""Get and delete by ids, and what every mutation does to `info`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from tests.contract.api import (
    JSON,
    Expected,
    Index,
    create,
    padded,
    refused,
    result,
    unreadable,
    vector,
)


@pytest.fixture(scope="module")
def lettered(http: httpx2.Client) -> Index:
    """The vectors v0 to v199, which nobody deletes."""
    index = create(http, "ids")
    index.upsert(*[vector(f"v{n}", float(n)) for n in range(200)])
    return index


def _ids(index: Index, *ids: str) -> list[str]:
    return [each["id"] for each in index.vectors(*ids)]


def test_get_keeps_the_order_of_the_request(lettered: Index) -> None:
    assert _ids(lettered, "v9", "v1", "v100", "v0") == ["v9", "v1", "v100", "v0"]


def test_get_leaves_out_what_is_missing(lettered: Index) -> None:
    assert _ids(lettered, "no", "v1", "V1", "v1 ", "v2") == ["v1", "v2"]
    assert _ids(lettered, "no") == []


def test_get_names_duplicates_once(lettered: Index) -> None:
    assert _ids(lettered, "v2", "v1", "v2", "v2", "v1") == ["v2", "v1"]


def test_get_has_values_namespace_and_metadata(index: Index) -> None:
    full = vector("a", 1.5, -2.0, namespace="n", metadata={"k": ["x", {"y": None}]})
    index.upsert(full, vector("b"))
    assert index.vectors("a", "b") == [full, {"id": "b", "values": padded(1.0)}]


def test_no_ids_at_all(index: Index) -> None:
    index.upsert(vector("a"))
    assert index.vectors() == []
    mutation = index.delete()
    assert index.info()["processedUpToMutation"] == mutation
    assert index.ids() == ["a"]


@pytest.mark.parametrize(("operation", "most"), [("get_by_ids", 20), ("delete_by_ids", 100)])
def test_the_most_ids(index: Index, operation: str, most: int) -> None:
    index.upsert(*[vector(f"v{n}") for n in range(most + 1)])
    ids = [f"v{n}" for n in range(most + 1)]
    before = index.state()
    text = f"too many ids in payload; max id count is {most}, got {most + 1}"
    refused(index.post(operation, {"ids": ids}), 400, 40007, text)
    assert index.state() == before
    answer = result(index.post(operation, {"ids": ids[:most]}))
    if operation == "get_by_ids":
        assert [each["id"] for each in answer] == ids[:most]
    else:
        assert answer == {"mutationId": index.info()["processedUpToMutation"]}
        assert index.ids() == ids[most:]


@pytest.mark.parametrize("operation", ["get_by_ids", "delete_by_ids"])
@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ("x" * 65, "id too long; max is 64 bytes, got 65 bytes"),
        ("é" * 33, "id too long; max is 64 bytes, got 66 bytes"),
        ("x" * 100_000, "id too long; max is 64 bytes, got 100000 bytes"),
        ("", "id too short; min is 1 byte, got 0 bytes"),
    ],
)
def test_illegal_ids(lettered: Index, operation: str, wrong: str, text: str) -> None:
    before = lettered.info()
    refused(lettered.post(operation, {"ids": ["v1", wrong]}), 400, 40008, text)
    assert lettered.info() == before


@pytest.mark.parametrize("operation", ["get_by_ids", "delete_by_ids"])
@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("", unreadable(".+")),
        ("{", unreadable(".+")),
        ('["v1"]', unreadable("expected object.*")),
        ("{}", unreadable(".*ids")),
        ('{"id":"v1"}', unreadable(".*ids")),
        ('{"ids":null}', unreadable("ids: .+")),
        ('{"ids":"v1"}', unreadable("ids: .+")),
        ('{"ids":{"0":"v1"}}', unreadable("ids: .+")),
        ('{"ids":[1]}', unreadable(r"ids\[0\]: .+")),
        ('{"ids":["v1",null]}', unreadable(r"ids\[1\]: .+")),
        ('{"ids":[["v1"]]}', unreadable(r"ids\[0\]: .+")),
        ('{"ids":["\\ud800"]}', unreadable(".+")),
        ('{"ids":[' + "[" * 5_000, unreadable(".+")),
    ],
    ids=range(13),
)
def test_bodies_that_are_no_list_of_ids(
    lettered: Index, operation: str, body: str, text: Expected
) -> None:
    before = lettered.info()
    refused(lettered.post(operation, content=body, headers=JSON), 400, 40026, text)
    assert lettered.info() == before


def test_deleted_ids_are_gone_everywhere(index: Index) -> None:
    index.upsert(vector("a"), vector("b", namespace="n"), vector("c"))
    index.delete("b", "no", "c", "b")
    assert index.ids() == ["a"]
    assert _ids(index, "a", "b", "c") == ["a"]
    assert [match["id"] for match in index.matches()] == ["a"]
    assert index.matches(vectorId="b") == []
    assert index.matches(namespace="n") == []
    assert index.info()["vectorCount"] == 1
    index.write("insert", vector("b", 2.0))
    assert index.vectors("b") == [{"id": "b", "values": padded(2.0)}]


def test_an_upsert_moves_an_id_to_another_namespace(index: Index) -> None:
    index.upsert(vector("a", namespace="n"))
    index.upsert(vector("a", namespace="m"))
    assert index.matches(namespace="n") == []
    assert [match["id"] for match in index.matches(namespace="m")] == ["a"]
    assert index.info()["vectorCount"] == 1
    index.write("insert", vector("a", namespace="n"))
    assert index.matches(namespace="n") == []
    index.upsert(vector("a"))
    assert index.matches(namespace="m") == []
    assert "namespace" not in index.vectors("a")[0]
    index.delete("a")
    assert index.ids() == []


def test_every_mutation_is_processed_also_one_that_changes_nothing(index: Index) -> None:
    mutations: list[Callable[[], str]] = [
        lambda: index.write("insert", vector("a")),
        lambda: index.write("insert", vector("a", 2.0)),
        lambda: index.upsert(vector("a")),
        lambda: index.delete("no"),
        lambda: index.delete(),
        lambda: index.delete("a"),
        lambda: index.delete("a"),
    ]
    seen: list[str] = []
    times: list[datetime] = []
    for mutate in mutations:
        seen.append(mutate())
        info = index.info()
        assert info["processedUpToMutation"] == seen[-1]
        times.append(datetime.fromisoformat(info["processedUpToDatetime"]))
    assert len(set(seen)) == len(seen)
    assert times == sorted(times)
    assert datetime.now(UTC) - timedelta(minutes=5) < times[0] <= times[-1] <= datetime.now(UTC)
    assert index.vectors("a") == []
