"""LangChain's store for Python, which waits until `info` names the id of its own mutation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.conftest import Client
from tests.clients.programs import run_script
from tests.support.server import Server


@pytest.fixture(scope="module", params=["cloudflare", "open"])
def profile(request: pytest.FixtureRequest) -> str:
    given: str = request.param
    return given


@pytest.fixture(scope="module")
def own_server(profile: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("langchain"), "--profile", profile) as running:
        yield running


@pytest.fixture(scope="module")
def ran(python_client: Client, own_server: Server) -> dict[str, Any]:
    """What the script printed; it ends only if every wait does."""
    interpreter = python_client("langchain-cloudflare-0.4.3")
    out: dict[str, Any] = run_script(own_server, interpreter, "langchain_store.py", "langchain")
    return out


def test_the_index_is_made_and_deleted(ran: dict[str, Any]) -> None:
    assert ran["create"]["name"] == "langchain"
    assert ran["create"]["config"] == {"dimensions": 32, "metric": "cosine"}
    assert ran["listed"] == ["langchain"]
    assert ran["gone"] == [410, 3005]


def test_texts_are_written(ran: dict[str, Any]) -> None:
    assert ran["added"] == ["pie", "tree", "sea"]
    assert ran["added_to_namespace"] == ["wine", "bay"]
    assert ran["upserted"] == ["pie"]


def test_search_orders_by_score(ran: dict[str, Any]) -> None:
    # It asks for 20 itself, whatever k says, since it wants all metadata.
    assert len(ran["search"]) == 5
    # The texts themselves would be in D1, another product.
    assert ran["search"][:2] == [
        ["tree", "", {"section": "plants"}],
        ["pie", "", {"section": "food"}],
    ]
    assert ran["scores"][0] == ["pie", pytest.approx(1)], "its upserted text"
    assert ran["scores"][1] == ["wine", pytest.approx(0.5)]
    assert ran["scores"][2] == ["tree", pytest.approx(6**-0.5)]


def test_search_with_filter_and_namespace(ran: dict[str, Any]) -> None:
    assert sorted(ran["filtered"]) == [["bay", 0], ["sea", 0]]
    assert ran["in_namespace"] == [["bay", pytest.approx((2 / 3) ** 0.5)], ["wine", 0]]
    assert ran["both"] == [["wine", 0]]


def test_get_and_delete(ran: dict[str, Any]) -> None:
    [tree, wine] = ran["by_ids"]
    values = [0, 1, 0, 1, 0, 1] + [0] * 26
    assert tree == ["tree", "", {"section": "plants", "_values": values}]
    assert (wine[0], wine[2]["_namespace"]) == ("wine", "cellar")
    assert ran["deleted"] is True
    assert (ran["info"]["dimensions"], ran["info"]["vectorCount"]) == (32, 4)


def test_metadata_indexes(ran: dict[str, Any], profile: str) -> None:
    listed = [{"propertyName": "section", "indexType": "string"}]
    assert ran["metadata_indexes"] == listed
    # To delete one it names the `property`, not the `propertyName` that the API asks for.
    if profile == "open":
        assert (ran["dropping"], ran["metadata_indexes_left"]) == (None, [])
    else:
        assert (ran["dropping"], ran["metadata_indexes_left"]) == ([400, 40026], listed)
