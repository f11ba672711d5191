"""topK, returnValues and returnMetadata."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.contract.api import Index, create, messages, padded, refused, result, vector

_PAYLOAD = (
    "with returnValues=true or returnMetadata=all, max top K is 50, but got {}; "
    "for a top K up to 100, retry with returnValues=false and returnMetadata=indexed"
)


@pytest.fixture(scope="module")
def many(http: httpx2.Client) -> Index:
    """120 vectors."""
    index = create(http, "query-options")
    index.upsert(*[vector(f"v{n}", 1.0, n / 100) for n in range(120)])
    return index


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({}, 5),
        ({"topK": None}, 5),
        ({"topK": 1}, 1),
        ({"topK": 100}, 100),
        ({"topK": 100, "returnMetadata": "indexed"}, 100),
        ({"topK": 100, "returnMetadata": "none", "returnValues": False}, 100),
        ({"topK": 50, "returnValues": True}, 50),
        ({"topK": 50, "returnMetadata": "all"}, 50),
        ({"topK": 50, "returnMetadata": "all", "returnValues": True}, 50),
    ],
)
def test_top_k(many: Index, options: dict[str, Any], count: int) -> None:
    found = [match["id"] for match in many.matches(**options)]
    assert found == [f"v{n}" for n in range(count)]


@pytest.mark.parametrize("selector", [{"vector": padded(1.0)}, {"vectorId": "v1"}])
@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"topK": 0}, "min top K is 1, but got 0"),
        ({"topK": -1}, "min top K is 1, but got -1"),
        ({"topK": -(10**20)}, "min top K is 1, but got -100000000000000000000"),
        ({"topK": 101}, "max top K is 100, but got 101"),
        ({"topK": 10**20}, "max top K is 100, but got 100000000000000000000"),
        ({"topK": 101, "returnMetadata": "indexed"}, "max top K is 100, but got 101"),
        ({"topK": 51, "returnValues": True}, _PAYLOAD.format(51)),
        ({"topK": 51, "returnMetadata": "all"}, _PAYLOAD.format(51)),
        ({"topK": 100, "returnMetadata": "all"}, _PAYLOAD.format(100)),
        ({"topK": 101, "returnValues": True}, _PAYLOAD.format(101)),
    ],
)
def test_top_k_beyond_its_limits(
    many: Index, selector: dict[str, Any], options: dict[str, Any], text: str
) -> None:
    refused(many.post("query", {**selector, **options}), 400, 40025, text)


def test_absent_pieces_are_left_out(index: Index) -> None:
    index.upsert(vector("a"), vector("b", 1.0, 1.0, namespace="n", metadata={"k": None}))
    plain = [match.keys() for match in index.matches()]
    assert plain == [{"id", "score"}, {"id", "score", "namespace"}]
    full = [match.keys() for match in index.matches(returnValues=True, returnMetadata="all")]
    assert full[0] == {"id", "score", "values"}
    assert full[1] == {"id", "score", "values", "namespace", "metadata"}
    nulls = {"returnValues": None, "returnMetadata": None, "namespace": None, "filter": None}
    assert [match.keys() for match in index.matches(**nulls)] == plain


def test_return_values(index: Index) -> None:
    index.upsert(vector("a", 0.1, -2.5, 1e-40))
    [match] = index.matches(returnValues=True)
    expected = [0.10000000149011612, -2.5, 9.99994610111476e-41]
    assert match["values"] == padded(*expected)


@pytest.fixture
def described(index: Index) -> Index:
    """A vector with metadata of which some is indexed."""
    index.make_filterable(title="string", year="number", seen="boolean")
    index.make_filterable(**{"by.name": "string", "by.age": "number", "absent": "string"})
    index.upsert(vector("a", metadata=_METADATA))
    return index


_METADATA = {
    "title": "t" * 63 + "é and more",
    "year": 1990,
    "seen": False,
    "by": {"name": "n" * 62 + "é", "age": "of another type", "extra": 1},
    "unindexed": ["x", {"y": 1.5}],
}


def test_return_metadata_all(described: Index) -> None:
    [match] = described.matches(returnMetadata="all")
    assert match["metadata"] == _METADATA


def test_return_metadata_none(described: Index) -> None:
    [match] = described.matches(returnMetadata="none")
    assert "metadata" not in match


def test_return_metadata_indexed(described: Index) -> None:
    [match] = described.matches(returnMetadata="indexed")
    assert match["metadata"] == {
        "title": "t" * 63,  # the é would end at byte 65
        "year": 1990,
        "seen": False,
        "by": {"name": "n" * 62 + "é"},
    }


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("x" * 64, 64),
        ("x" * 65, 64),
        ("é" * 33, 32),
        ("€" * 22, 21),
        ("😀" * 17, 16),
        ("x" + "😀" * 16, 16),
    ],
)
def test_indexed_strings_are_cut_at_a_whole_character(index: Index, text: str, kept: int) -> None:
    index.make_filterable(k="string")
    index.upsert(vector("a", metadata={"k": text}))
    [match] = index.matches(returnMetadata="indexed")
    assert match["metadata"] == {"k": text[:kept]}
    [whole] = index.matches(returnMetadata="all")
    assert whole["metadata"] == {"k": text}


def test_indexed_metadata_of_a_vector_that_has_none_of_it(index: Index) -> None:
    index.make_filterable(k="string")
    index.upsert(vector("a", metadata={"other": 1}), vector("b"))
    for match in index.matches(returnMetadata="indexed"):
        assert not match.get("metadata", {})


def test_metadata_comes_back_as_it_was(index: Index) -> None:
    metadata = {
        "text": '\u0000\u001f"\\/ é € 😀 \u2028',
        "numbers": [0, -1, 2**53 + 1, 2**64 - 1, -(2**63), 0.1, 1e300, 5e-324],
        "others": [True, False, None, [], {}, ""],
        "ключ": {"b": 1, "a": 2},
    }
    index.upsert(vector("a", metadata=metadata))
    [match] = index.matches(returnMetadata="all")
    assert match["metadata"] == metadata
    assert list(match["metadata"]) == list(metadata)
    assert index.vectors("a")[0]["metadata"] == metadata


def test_unknown_fields_are_named_in_the_messages(many: Index) -> None:
    body = {"vector": padded(1.0), "topk": 3, "include": {"deep": [1]}}
    response = many.post("query", body)
    assert result(response)["count"] == 5
    assert messages(response) == ['unknown field "topk"', 'unknown field "include"']
    assert messages(many.post("query", {"vector": padded(1.0)})) == []
