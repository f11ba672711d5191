"""Listing ids: pages, one snapshot for all of them, and cursors that are no good."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.contract.api import Index, create, refused, result, vector
from tests.support.server import Server
from vecinity.local.cursor import Cursor, encode

_FIELDS = {
    "count",
    "totalCount",
    "isTruncated",
    "nextCursor",
    "cursorExpirationTimestamp",
    "vectors",
}
_INVALID = (400, 40028, "invalid cursor")


@pytest.fixture(scope="module")
def long(http: httpx2.Client) -> Index:
    """1,001 vectors, which nobody changes."""
    index = create(http, "list")
    index.upsert(*[vector(f"v{n:04}") for n in range(1_001)])
    return index


def _names(page: dict[str, Any]) -> list[str]:
    assert all(each.keys() == {"id"} for each in page["vectors"])
    return [each["id"] for each in page["vectors"]]


def _rest(index: Index, page: dict[str, Any], count: int) -> list[str]:
    """The ids behind `page`, to the end."""
    found: list[str] = []
    while page["isTruncated"]:
        page = index.page(count=count, cursor=page["nextCursor"])
        found += _names(page)
    return found


@pytest.mark.parametrize(
    ("parameters", "count"),
    [
        ({}, 100),
        ({"count": 1}, 1),
        ({"count": 99}, 99),
        ({"count": "0007"}, 7),
        ({"count": 1000}, 1000),
    ],
)
def test_a_page(long: Index, parameters: dict[str, Any], count: int) -> None:
    page = long.page(**parameters)
    assert page.keys() == _FIELDS
    assert page["count"] == count
    assert page["totalCount"] == 1_001
    assert page["isTruncated"] is True
    assert page["nextCursor"]
    assert _names(page) == [f"v{n:04}" for n in range(count)]
    expires = datetime.fromisoformat(page["cursorExpirationTimestamp"])
    left = expires - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)


@pytest.mark.parametrize("count", [7, 143, 500, 1_000])
def test_pages_are_disjoint_and_complete(long: Index, count: int) -> None:
    first = long.page(count=count)
    found = _names(first) + _rest(long, first, count)
    assert found == [f"v{n:04}" for n in range(1_001)]


def test_the_last_page_has_no_cursor(index: Index) -> None:
    index.upsert(*[vector(name) for name in "abcd"])
    first = index.page(count=2)
    for last in (index.page(count=2, cursor=first["nextCursor"]), index.page(count=4)):
        assert last.keys() == _FIELDS
        assert last["isTruncated"] is False
        assert last["nextCursor"] is None
        assert last["cursorExpirationTimestamp"] is None
        assert last["totalCount"] == 4
        assert last["count"] == len(last["vectors"])


def test_an_empty_index(index: Index) -> None:
    assert index.page() == {
        "count": 0,
        "totalCount": 0,
        "isTruncated": False,
        "nextCursor": None,
        "cursorExpirationTimestamp": None,
        "vectors": [],
    }


def test_ids_come_in_the_order_of_their_bytes(index: Index) -> None:
    ids = ["10", "9", "A", "a", "\uffff", "😀", "é", " ", "\u0000", "a\u0000", "aa", "'", '"', "%_"]
    index.upsert(*[vector(vector_id) for vector_id in ids])
    expected = sorted(ids, key=str.encode)
    assert index.ids() == expected
    first = index.page(count=1)
    assert _names(first) + _rest(index, first, 1) == expected


def test_all_pages_show_the_index_as_it_was_at_the_first(index: Index) -> None:
    index.upsert(*[vector(name) for name in "bdfh"])
    first = index.page(count=1)
    index.upsert(vector("a"), vector("c"), vector("z"))
    index.delete("d", "h")
    index.upsert(vector("f", 2.0, namespace="n"))
    second = index.page(count=1, cursor=first["nextCursor"])
    assert second["totalCount"] == 4
    assert second["cursorExpirationTimestamp"] == first["cursorExpirationTimestamp"]
    assert _names(first) + _names(second) + _rest(index, second, 1) == list("bdfh")
    assert index.ids() == list("abcfz")
    assert index.page()["totalCount"] == 5


def test_a_cursor_can_be_used_again_and_with_another_count(index: Index) -> None:
    index.upsert(*[vector(name) for name in "abcde"])
    cursor = index.page(count=2)["nextCursor"]
    assert _names(index.page(count=1, cursor=cursor)) == ["c"]
    assert _names(index.page(count=9, cursor=cursor)) == ["c", "d", "e"]
    assert _names(index.page(count=2, cursor=cursor)) == ["c", "d"]


@pytest.mark.parametrize("count", [0, -1, 1_001, 10**17])
def test_counts_out_of_range(long: Index, count: int) -> None:
    text = f"invalid count; must be between 1 and 1000, got {count}"
    refused(long.get("list", params={"count": count}), 400, 40027, text)


@pytest.mark.parametrize(
    "count", ["", "abc", "1.5", "1e2", "+5", " 5", "5 ", "5\n", "0x10", "٣", "5" * 5_000]
)
def test_counts_that_are_no_number(long: Index, count: str) -> None:
    text = f'invalid count; must be between 1 and 1000, got "{count}"'
    refused(long.get("list", params={"count": count}), 400, 40027, text)


def test_damaged_cursors(long: Index) -> None:
    cursor = long.page(count=1)["nextCursor"]
    assert cursor.isascii()
    for place in range(0, len(cursor), 3):
        other = "A" if cursor[place] != "A" else "B"
        damaged = cursor[:place] + other + cursor[place + 1 :]
        refused(long.get("list", params={"cursor": damaged}), *_INVALID)
    for damaged in (cursor[:-1], cursor + "A", cursor + "=", " " + cursor, cursor[1:], cursor * 2):
        refused(long.get("list", params={"cursor": damaged}), *_INVALID)


@pytest.mark.parametrize("cursor", ["x", "=", "null", "v0001", "é", "\u0000", "%", "A" * 30_000])
def test_what_is_no_cursor(long: Index, cursor: str) -> None:
    refused(long.get("list", params={"cursor": cursor}), *_INVALID)


def test_a_cursor_of_another_index(long: Index, index: Index) -> None:
    index.upsert(vector("a"), vector("b"))
    cursor = long.page(count=1)["nextCursor"]
    refused(index.get("list", params={"cursor": cursor}), *_INVALID)


def test_a_cursor_of_an_index_deleted_and_created_again(index: Index) -> None:
    index.upsert(vector("a"), vector("b"))
    cursor = index.page(count=1)["nextCursor"]
    result(index.http.delete(f"/indexes/{index.name}"))
    create(index.http, index.name)
    index.upsert(vector("a"), vector("b"))
    refused(index.get("list", params={"cursor": cursor}), *_INVALID)


def test_an_expired_cursor(index: Index, server: Server) -> None:
    """Made as the server itself would, with its own key, a listing that began an hour ago."""
    index.upsert(vector("a"), vector("b"))
    database = sqlite3.connect(f"file:{server.data}/catalog.db?mode=ro", uri=True)
    with contextlib.closing(database):
        [(key,)] = database.execute("SELECT value FROM meta WHERE key = 'cursor_key'")
        [(uuid,)] = database.execute(
            "SELECT uuid FROM indexes WHERE name = ? AND state = 'live'", (index.name,)
        )
    for expires, outcome in ((time.time() - 1, 400), (time.time() + 60, 200)):
        cursor = encode(Cursor(uuid, 1, "a", expires), key)
        answer = index.get("list", params={"cursor": cursor})
        assert answer.status_code == outcome
        if outcome == 400:
            refused(answer, 400, 40029, "expired cursor")
        else:
            assert _names(result(answer)) == ["b"]
