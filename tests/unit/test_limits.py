"""Every limit of the service, and what the other profiles make of it."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from vecinity import limits
from vecinity.limits import (
    CLOUDFLARE,
    OPEN,
    PROFILES,
    UNCHECKED,
    UNLIMITED,
    Limits,
    for_binding,
    for_v1,
)

PRODUCTION = {
    "min_dimensions": 32,
    "max_dimensions": 1_536,
    "indexes_per_account": 50_000,
    "vectors_per_index": 20_000_000,
    "namespaces_per_index": 50_000,
    "namespace_bytes": 64,
    "index_name_bytes": 64,
    "id_bytes": 64,
    "metadata_bytes": 10_240,
    "metadata_indexes": 10,
    "indexed_string_bytes": 64,
    "batch_vectors": 5_000,
    "body_bytes": 100_000_000,
    "top_k": 100,
    "top_k_with_payload": 50,
    "get_ids": 20,
    "delete_ids": 100,
    "list_count": 1_000,
    "filter_bytes": 2_047,  # "< 2048 bytes", and limits are inclusive
    "filter_key_chars": 512,
}
"""What the service's documents and error texts say."""

OURS = {"description_chars": 1_024}
"""What no source gives."""


@pytest.mark.parametrize(("name", "value"), PRODUCTION.items())
def test_the_services_limit(name: str, value: int) -> None:
    assert getattr(CLOUDFLARE, name) == value


def test_no_limit_is_without_a_test() -> None:
    assert {field.name for field in fields(Limits)} == PRODUCTION.keys() | OURS.keys()
    assert {name: getattr(CLOUDFLARE, name) for name in OURS} == OURS


def test_the_defaults() -> None:
    assert limits.DEFAULT_TOP_K == 5
    assert limits.DEFAULT_LIST_COUNT == 100
    assert limits.CURSOR_LIFETIME_SECONDS == 15 * 60
    assert limits.ACCOUNT_ID_CHARS == 32


def test_a_batch_over_the_binding_is_smaller() -> None:
    assert for_binding(CLOUDFLARE) == replace(CLOUDFLARE, batch_vectors=1_000)
    assert for_binding(OPEN) == OPEN


def test_the_binding_never_raises_a_limit() -> None:
    small = replace(CLOUDFLARE, batch_vectors=7)
    assert for_binding(small) == small


def test_v1_indexes_are_smaller() -> None:
    assert for_v1(CLOUDFLARE) == replace(
        CLOUDFLARE,
        indexes_per_account=100,
        vectors_per_index=200_000,
        namespaces_per_index=1_000,
        index_name_bytes=63,
        namespace_bytes=63,
        batch_vectors=1_000,
        top_k=20,
        top_k_with_payload=20,
    )


def test_what_is_lifted_stays_lifted_for_v1() -> None:
    assert for_v1(OPEN) == replace(OPEN, index_name_bytes=63)


def test_v1_never_raises_a_limit() -> None:
    small = replace(CLOUDFLARE, batch_vectors=7, top_k=10, top_k_with_payload=5)
    kept = for_v1(small)
    assert (kept.batch_vectors, kept.top_k, kept.top_k_with_payload) == (7, 10, 5)
    assert for_v1(kept) == kept


def test_the_profiles() -> None:
    assert PROFILES == {"cloudflare": CLOUDFLARE, "open": OPEN}


def test_open_has_dimensions_from_1_to_8192() -> None:
    assert (OPEN.min_dimensions, OPEN.max_dimensions) == (1, 8_192)


@pytest.mark.parametrize("name", sorted((PRODUCTION | OURS).keys() - {"min_dimensions"}))
def test_each_profile_is_at_least_as_wide(name: str) -> None:
    assert getattr(CLOUDFLARE, name) <= getattr(OPEN, name) <= getattr(UNCHECKED, name)


@pytest.mark.parametrize(
    "name",
    [
        "vectors_per_index",
        "namespaces_per_index",
        "indexes_per_account",
        "metadata_bytes",
        "metadata_indexes",
        "indexed_string_bytes",
        "batch_vectors",
        "top_k",
        "top_k_with_payload",
        "get_ids",
        "delete_ids",
        "filter_bytes",
        "filter_key_chars",
    ],
)
def test_open_lifts(name: str) -> None:
    assert getattr(OPEN, name) == UNLIMITED


def test_the_table_names_every_limit_with_its_unit_and_source() -> None:
    rows = limits.table()
    assert [row[0] for row in rows] == [field.name for field in fields(Limits)]
    for name, cloudflare, open_, unit, source in rows:
        assert (cloudflare, open_) == (getattr(CLOUDFLARE, name), getattr(OPEN, name))
        assert unit and source
