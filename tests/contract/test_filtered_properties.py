"""Which properties and vectors a filter sees: nesting, coverage by metadata indexes, 64 bytes."""

from __future__ import annotations

import pytest

from tests.contract.api import Index, messages, padded, result, vector

_ANY_OPERATOR = ["x", None, {"$ne": "x"}, {"$in": ["x", None]}, {"$nin": ["x"]}, {"$gte": ""}]


def test_dots_mean_nesting(index: Index) -> None:
    index.make_filterable(**{"o.k": "string", "o.p.q": "number"})
    index.upsert(
        vector("deep", metadata={"o": {"k": "x", "p": {"q": 1}}}),
        vector("shallow", metadata={"o": "x"}),
        vector("list", metadata={"o": [{"k": "x"}]}),
        vector("flat", metadata={"k": "x", "q": 1}),
    )
    assert index.found({"o.k": "x"}) == {"deep"}
    assert index.found({"o.p.q": {"$gte": 1}}) == {"deep"}
    assert index.found({"o.k": "x", "o.p.q": 2}) == set()
    assert index.found({"o.k": None}) == {"shallow", "list", "flat"}
    assert index.found({"o": "x"}) == set()


def test_a_property_beside_one_nested_in_it(index: Index) -> None:
    index.make_filterable(**{"o": "string", "o.k": "string"})
    index.upsert(vector("a", metadata={"o": "x"}), vector("b", metadata={"o": {"k": "x"}}))
    assert index.found({"o": "x"}) == {"a"}
    assert index.found({"o.k": "x"}) == {"b"}


def test_several_keys_mean_and(index: Index) -> None:
    index.make_filterable(s="string", n="number", b="boolean")
    for n in range(8):
        metadata = {"s": "xy"[n // 4], "n": n, "b": n % 2 == 0}
        index.upsert(vector(str(n), metadata=metadata))
    assert index.found({"s": "x", "n": {"$gt": 0, "$lte": 3}, "b": True}) == {"2"}
    assert index.found({"s": "y", "n": {"$nin": [4, 5]}}) == {"6", "7"}
    assert index.found({"s": "x", "n": 7}) == set()


def test_names_may_have_a_bar_and_other_signs(index: Index) -> None:
    names = ["a|b", "a b", "é", "a$", "a'b", "a\\b"]
    index.make_filterable(**dict.fromkeys(names, "string"))
    index.upsert(vector("a", metadata=dict.fromkeys(names, "x")), vector("b"))
    for name in names:
        assert index.found({name: "x"}) == {"a"}


@pytest.mark.parametrize("condition", _ANY_OPERATOR)
def test_a_property_without_a_metadata_index_matches_nothing(
    index: Index, condition: object
) -> None:
    index.make_filterable(other="string")
    index.upsert(vector("a", metadata={"k": "x", "other": "y"}))
    assert index.found({"k": condition}) == set()
    assert index.found({"k": condition, "other": "y"}) == set()


def test_a_hint_names_the_property_without_a_metadata_index(index: Index) -> None:
    index.make_filterable(other="string")
    response = index.post("query", {"vector": padded(1.0), "filter": {"k": "x", "other": "y"}})
    assert result(response)["count"] == 0
    [hint] = messages(response)
    assert '"k"' in hint
    assert "other" not in hint


@pytest.mark.parametrize("condition", _ANY_OPERATOR)
def test_older_vectors_are_not_filterable(index: Index, condition: object) -> None:
    index.upsert(vector("old", metadata={"k": "x"}), vector("old-bare"))
    index.make_filterable(k="string")
    assert index.found({"k": condition}) == set()
    matches = index.matches(returnMetadata="indexed")
    assert [match.get("metadata", {}) for match in matches] == [{}, {}]


def test_older_vectors_are_filterable_once_written_again(index: Index) -> None:
    index.upsert(vector("a", metadata={"k": "x"}), vector("b", metadata={"k": "x"}))
    index.make_filterable(k="string")
    index.write("insert", vector("a", metadata={"k": "x"}))  # changes nothing
    assert index.found({"k": "x"}) == set()
    index.upsert(vector("a", metadata={"k": "x"}))
    assert index.found({"k": "x"}) == {"a"}


def test_a_deleted_metadata_index_matches_nothing_and_a_new_one_only_newer(index: Index) -> None:
    index.make_filterable(k="string")
    index.upsert(vector("first", metadata={"k": "x"}))
    result(index.post("metadata_index/delete", {"propertyName": "k"}))
    index.upsert(vector("between", metadata={"k": "x"}))
    for condition in _ANY_OPERATOR:
        assert index.found({"k": condition}) == set()
    index.make_filterable(k="string")
    assert index.found({"k": "x"}) == set()
    index.upsert(vector("second", metadata={"k": "x"}), vector("number", metadata={"k": 1}))
    assert index.found({"k": "x"}) == {"second"}
    result(index.post("metadata_index/delete", {"propertyName": "k"}))
    index.make_filterable(k="number")
    index.upsert(vector("third", metadata={"k": 1}))
    assert index.found({"k": 1}) == {"third"}
    assert index.found({"k": "x"}) == set()


def test_filters_follow_every_write(index: Index) -> None:
    index.make_filterable(k="string")
    index.upsert(vector("a", metadata={"k": "x"}), vector("b", metadata={"k": "x"}))
    index.upsert(vector("a", metadata={"k": "y"}))
    assert index.found({"k": "x"}) == {"b"}
    assert index.found({"k": {"$ne": "x"}}) == {"a"}
    index.delete("b")
    assert index.found({"k": "x"}) == set()
    index.upsert(vector("b"))
    assert index.found({"k": None}) == {"b"}


def test_strings_are_compared_by_their_first_64_bytes(index: Index) -> None:
    index.make_filterable(k="string")
    stem = "x" * 64
    index.upsert(
        vector("short", metadata={"k": stem[:-1]}),
        vector("exact", metadata={"k": stem}),
        vector("long", metadata={"k": stem + "a"}),
        vector("longer", metadata={"k": stem + "b" * 100}),
    )
    cut = {"exact", "long", "longer"}
    for condition in (stem, stem + "a", stem + "zzz", {"$in": [stem + "q"]}):
        assert index.found({"k": condition}) == cut
    assert index.found({"k": {"$ne": stem + "a"}}) == {"short"}
    assert index.found({"k": {"$nin": [stem + "a"]}}) == {"short"}
    assert index.found({"k": {"$gt": stem}}) == set()
    assert index.found({"k": {"$gte": stem + "b"}}) == cut
    assert index.found({"k": {"$lt": stem + "b"}}) == {"short"}


def test_strings_are_cut_at_a_whole_character(index: Index) -> None:
    index.make_filterable(k="string")
    stem = "x" * 63
    index.upsert(vector("é", metadata={"k": stem + "é"}), vector("stem", metadata={"k": stem}))
    assert index.found({"k": stem + "è"}) == {"é", "stem"}
    assert index.found({"k": stem + "e"}) == set()
