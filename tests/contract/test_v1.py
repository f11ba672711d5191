"""Paths of the legacy V1 API on V2 indexes: the service's `incorrect_api_version`."""

from __future__ import annotations

import httpx2
import pytest

from tests.contract.api import Index, refused
from tests.support.server import ACCOUNT, Server

_V1 = [
    ("GET", ""),
    ("PUT", ""),
    ("DELETE", ""),
    ("POST", "/insert"),
    ("POST", "/upsert"),
    ("POST", "/query"),
    ("POST", "/get-by-ids"),
    ("POST", "/delete-by-ids"),
]


def _url(server: Server, name: str, operation: str) -> str:
    return f"{server.api}/accounts/{ACCOUNT}/vectorize/indexes/{name}{operation}"


@pytest.mark.parametrize(("method", "operation"), _V1)
def test_a_v2_index_is_refused(
    http: httpx2.Client, server: Server, index: Index, method: str, operation: str
) -> None:
    answer = http.request(method, _url(server, index.name, operation), json={})
    refused(answer, 400, 3004, "vectorize.incorrect_api_version")
    assert http.get(f"/indexes/{index.name}").status_code == 200


@pytest.mark.parametrize(("method", "operation"), _V1)
def test_an_unknown_index_is_unknown_there_too(
    http: httpx2.Client, server: Server, method: str, operation: str
) -> None:
    answer = http.request(method, _url(server, "never-made", operation), json={})
    refused(answer, 404, 3000, 'vectorize.index.not_found - Index name "never-made"')
