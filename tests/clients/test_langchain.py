"""LangChain's store for Python, which waits for each mutation id to be processed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.conftest import Script


@pytest.fixture(scope="module")
def ran(run_python: Script) -> dict[str, Any]:
    """What the script printed."""
    out: dict[str, Any] = run_python(
        "langchain-cloudflare-0.4.3", "langchain_store.py", "langchain"
    )
    return out


def test_the_index_is_created_and_filterable(ran: dict[str, Any]) -> None:
    assert ran["create"]["config"] == {"dimensions": 64, "metric": "cosine"}
    assert ran["metadata_indexes"] == [{"propertyName": "section", "indexType": "string"}]


def test_texts_are_found(ran: dict[str, Any]) -> None:
    assert ran["added"] == ["pie", "tree", "sea"]
    # asked for 2, it asks for 20 itself when it wants all metadata
    nearest = [[vector_id, metadata["section"]] for vector_id, metadata in ran["search"][:2]]
    assert nearest == [["pie", "food"], ["tree", "plants"]]
    vector_id, score = ran["scores"][0]
    assert (vector_id, score) == ("sea", pytest.approx(1.0))


def test_filter_and_namespace(ran: dict[str, Any]) -> None:
    assert [found[0] for found in ran["filtered"]] == ["sea"]
    assert [found[0] for found in ran["in_namespace"]] == ["wine"]


def test_get_and_delete(ran: dict[str, Any]) -> None:
    [[vector_id, metadata]] = ran["by_ids"]
    assert (vector_id, metadata["section"]) == ("tree", "plants")
    assert ran["deleted"] is True
    assert ran["info"]["vectorCount"] == 3
