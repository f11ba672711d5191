"""Empty results are explained: in the envelope's messages each time, in the log once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.api import Index, create, messages, padded, result, vector, watched
from tests.support.server import Server

_START = "WARNING vecinity.hints: "


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[Server]:
    """A server whose log is this test's."""
    with Server(tmp_path / "data") as running:
        yield running


@pytest.fixture
def hinted(logged: Server) -> Iterator[Index]:
    with watched(logged) as client:
        yield create(client, "docs")


def _hints(server: Server) -> list[str]:
    return [line.removeprefix(_START) for line in server.log().splitlines() if _START in line]


def _query(index: Index, **query: object) -> list[str]:
    """The messages of a query."""
    response = index.post("query", {"vector": padded(1.0), **query})
    result(response)
    return messages(response)


@pytest.mark.parametrize(
    ("condition", "kind"),
    [
        ("x", "string"),
        ({"$gte": "x"}, "string"),
        (1, "number"),
        ({"$lt": 1.5}, "number"),
        ({"$in": [None, True]}, "boolean"),
        (None, "string"),
    ],
)
def test_no_metadata_index(logged: Server, hinted: Index, condition: object, kind: str) -> None:
    text = 'property "lang" has no metadata index, so the filter matches nothing'
    for _ in range(3):
        assert _query(hinted, filter={"lang": condition}) == [text]
    remedy = f"wrangler vectorize create-metadata-index docs --property-name=lang --type={kind}"
    assert _hints(logged) == [f'index "docs": {text}; create one: {remedy}']


def test_the_remedy_helps(logged: Server, hinted: Index) -> None:
    _query(hinted, filter={"lang": "en"})
    hinted.make_filterable(lang="string")
    hinted.upsert(vector("a", metadata={"lang": "en"}))
    assert _query(hinted, filter={"lang": "en"}) == []
    assert len(_hints(logged)) == 1


def test_vectors_older_than_the_metadata_index(logged: Server, hinted: Index) -> None:
    hinted.upsert(*(vector(f"v{n}", metadata={"k": "x"}) for n in range(5)))
    hinted.make_filterable(k="string", other="number")
    hinted.delete("v4")
    text = '{} older than the metadata index on "k", so no filter on it matches them'
    for condition in ("x", {"$ne": "x"}):
        assert _query(hinted, filter={"k": condition}) == [text.format("4 vectors are")]
    hinted.upsert(*(vector(f"v{n}", metadata={"k": "x"}) for n in range(3)))
    assert _query(hinted, filter={"k": "x"}) == [text.format("1 vector is")]
    hinted.upsert(vector("v3"))
    assert _query(hinted, filter={"k": "x"}) == []
    remedy = "write these 4 vectors again"
    assert _hints(logged) == [f'index "docs": {text.format("4 vectors are")}; {remedy}']


def test_the_count_is_not_on_the_wire(hinted: Index) -> None:
    hinted.upsert(vector("a"))
    hinted.make_filterable(k="string")
    listed = result(hinted.get("metadata_index/list"))
    assert listed == {"metadataIndexes": [{"propertyName": "k", "indexType": "string"}]}


def test_the_open_profile_covers_older_vectors(tmp_path: Path) -> None:
    with Server(tmp_path / "open", "--profile", "open") as logged, watched(logged) as client:
        index = create(client, "docs")
        index.upsert(vector("a", metadata={"k": "x"}))
        index.make_filterable(k="string")
        assert _query(index, filter={"k": "x"}) == []
        assert index.found({"k": "x"}) == {"a"}
        assert _hints(logged) == []


def test_a_namespace_without_vectors(logged: Server, hinted: Index) -> None:
    hinted.upsert(vector("a", namespace="there"))
    assert _query(hinted, namespace="there") == []
    text = 'no vector is in namespace "Their"'
    for _ in range(2):
        assert _query(hinted, namespace="Their") == [text]
    remedy = "look at the namespace that vectors are written with"
    assert _hints(logged) == [f'index "docs": {text}; {remedy}']


def test_each_index_and_property_has_a_hint_of_its_own(logged: Server, hinted: Index) -> None:
    other = create(hinted.http, "others")
    for index in (hinted, other):
        for _ in range(2):
            _query(index, filter={"a": 1, "b": 1})
    said = [line.split(" has no")[0] for line in _hints(logged)]
    assert said == [
        f'index "{index}": property "{name}"' for index in ("docs", "others") for name in "ab"
    ]


def test_what_clients_send_can_forge_no_line_of_the_log(logged: Server, hinted: Index) -> None:
    nasty = "a\nWARNING forged \x1b[31m\u202e'; rm -rf ~ #"
    _query(hinted, filter={nasty: "x"})
    _query(hinted, filter={"é" * 500: "x"})
    first, second = _hints(logged)
    assert len(logged.log().splitlines()) == len(logged.log().split("\n")) - 1
    assert "\nWARNING forged" not in logged.log()
    assert r"a\nWARNING forged \x1b[31m\u202e" in first
    assert """'--property-name=a\\nWARNING forged \\x1b[31m\\u202e'"'"'; rm -rf ~ #'""" in first
    assert "é" * 500 in second
