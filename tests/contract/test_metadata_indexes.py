"""Metadata indexes: create, list and delete."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.contract.api import JSON, Expected, Index, create, refused, result, unreadable, vector

_TYPES = "invalid metadata index: indexType must be one of string, number, boolean"


def _listed(index: Index) -> list[tuple[str, str]]:
    found = result(index.get("metadata_index/list"))
    assert found.keys() == {"metadataIndexes"}
    for each in found["metadataIndexes"]:
        assert each.keys() == {"propertyName", "indexType"}
    return [(each["propertyName"], each["indexType"]) for each in found["metadataIndexes"]]


def _create(index: Index, name: str, kind: str) -> str:
    created = result(index.post("metadata_index/create", {"propertyName": name, "indexType": kind}))
    assert created.keys() == {"mutationId"}
    mutation: str = created["mutationId"]
    return mutation


def _delete(index: Index, name: str) -> str:
    deleted = result(index.post("metadata_index/delete", {"propertyName": name}))
    assert deleted.keys() == {"mutationId"}
    mutation: str = deleted["mutationId"]
    return mutation


def test_create_list_and_delete(index: Index) -> None:
    assert _listed(index) == []
    mutations = [_create(index, "s", "string"), _create(index, "o.n", "number")]
    mutations.append(_create(index, "b", "boolean"))
    assert sorted(_listed(index)) == [("b", "boolean"), ("o.n", "number"), ("s", "string")]
    mutations.append(_delete(index, "o.n"))
    assert sorted(_listed(index)) == [("b", "boolean"), ("s", "string")]
    assert index.info()["processedUpToMutation"] == mutations[-1]
    assert len(set(mutations)) == 4


def test_a_duplicate_keeps_the_first_type(index: Index) -> None:
    index.upsert(vector("old", metadata={"k": "x"}))
    first = _create(index, "k", "string")
    index.upsert(vector("new", metadata={"k": "x"}))
    for kind in ("string", "number"):
        again = _create(index, "k", kind)
        assert again != first
        assert index.info()["processedUpToMutation"] == again
    assert _listed(index) == [("k", "string")]
    assert index.found({"k": "x"}) == {"new"}


def test_delete_of_an_unknown_one(index: Index) -> None:
    mutation = _create(index, "k", "string")
    for name in ("no", "K", "k.k"):
        response = index.post("metadata_index/delete", {"propertyName": name})
        refused(response, 400, 40005, f'metadata index not found: "{name}"')
    assert _listed(index) == [("k", "string")]
    assert index.info()["processedUpToMutation"] == mutation
    _delete(index, "k")
    response = index.post("metadata_index/delete", {"propertyName": "k"})
    refused(response, 400, 40005, 'metadata index not found: "k"')


def test_ten_at_most(index: Index) -> None:
    for n in range(10):
        _create(index, f"k{n}", "string")
    body = {"propertyName": "k10", "indexType": "string"}
    response = index.post("metadata_index/create", body)
    refused(response, 400, 40004, "too many metadata indexes; max is 10")
    assert len(_listed(index)) == 10
    _create(index, "k3", "string")  # is there already
    _delete(index, "k3")
    _create(index, "k10", "string")
    assert len(_listed(index)) == 10


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "a property name must not be empty"),
        ("n" * 513, "a property name must not exceed 512 characters, got 513"),
        ('a"b', "property name 'a\"b' must not contain a double quote"),
        ("$k", "property name '$k' must not start with $"),
        ("a.$b", "property name 'a.$b' must not start with $"),
        (".", "property name '.' has an empty part"),
        ("a.", "property name 'a.' has an empty part"),
        (".a", "property name '.a' has an empty part"),
        ("a..b", "property name 'a..b' has an empty part"),
    ],
)
def test_bad_names(index: Index, name: str, why: str) -> None:
    body = {"propertyName": name, "indexType": "string"}
    refused(index.post("metadata_index/create", body), 400, 40003, f"invalid metadata index: {why}")
    refused(
        index.post("metadata_index/delete", {"propertyName": name}),
        400,
        40003,
        f"invalid metadata index: {why}",
    )
    assert _listed(index) == []
    assert index.info()["processedUpToMutation"] is None


@pytest.mark.parametrize("name", ["n" * 512, "é" * 512, "a.b.c.d", "a|b", " ", "\n", "0"])
def test_legal_names(index: Index, name: str) -> None:
    _create(index, name, "number")
    assert _listed(index) == [(name, "number")]
    _delete(index, name)
    assert _listed(index) == []


@pytest.mark.parametrize("kind", ["", "text", "String", "int", "array"])
def test_bad_types(index: Index, kind: str) -> None:
    body = {"propertyName": "k", "indexType": kind}
    refused(index.post("metadata_index/create", body), 400, 40003, _TYPES)
    assert index.info()["processedUpToMutation"] is None


@pytest.fixture(scope="module")
def target(http: httpx2.Client) -> Index:
    return create(http, "metadata-indexes")


@pytest.mark.parametrize("operation", ["create", "delete"])
@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("", unreadable(".+")),
        ("[]", unreadable("expected object.*")),
        ("{", unreadable(".+")),
        ("{}", unreadable(".*propertyName")),
        ('{"propertyName":5,"indexType":"string"}', unreadable("propertyName: .+")),
        ('{"propertyName":null,"indexType":"string"}', unreadable("propertyName: .+")),
        ('{"propertyName":["k"],"indexType":"string"}', unreadable("propertyName: .+")),
        ('{"propertyName":"\\ud800","indexType":"string"}', unreadable(".+")),
    ],
)
def test_bodies_that_are_no_request(
    target: Index, operation: str, body: str, text: Expected
) -> None:
    response = target.post(f"metadata_index/{operation}", content=body, headers=JSON)
    refused(response, 400, 40026, text)


@pytest.mark.parametrize(
    "body", [{"propertyName": "k"}, {"indexType": "string"}, {"property": "k"}]
)
def test_a_creation_needs_both(target: Index, body: dict[str, Any]) -> None:
    refused(target.post("metadata_index/create", body), 400, 40026, unreadable(".+"))


def test_the_name_property_is_refused_in_a_deletion(index: Index) -> None:
    _create(index, "k", "string")
    response = index.post("metadata_index/delete", {"property": "k"})
    refused(response, 400, 40026, unreadable(".*propertyName"))
    assert _listed(index) == [("k", "string")]


def test_the_open_profile_takes_the_name_property(open_index: Index) -> None:
    for body in ({"property": "k"}, {"propertyName": "k"}):
        _create(open_index, "k", "string")
        result(open_index.post("metadata_index/delete", body))
        assert _listed(open_index) == []
