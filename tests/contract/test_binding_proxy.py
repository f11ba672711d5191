"""miniflare's remote-proxy protocol: which index is meant, and what is no request of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.api import Index, padded, vector
from tests.contract.bound import OPERATIONS, Bound, answer, bound, failed
from tests.support.server import ACCOUNT, TOKEN, Server

_MISSING = "invalid parameter: this address is for a Worker's binding: header {} is missing"
_INFO = {"mf-url": "http://vector-search/info", "mf-binding": "INDEX"}


@pytest.fixture
def binding(server: Server, index: Index) -> Iterator[Bound]:
    """One whose index is in the address's path."""
    with bound(server, index.name, wrapped=True) as made:
        yield made


@pytest.fixture
def account(server: Server) -> str:
    """The address that names no index; parameters are to be added."""
    return f"{server.url}/binding/{ACCOUNT}?token={TOKEN}"


def test_the_bindings_name_chooses_the_index(binding: Bound, index: Index, account: str) -> None:
    index.upsert(vector("a"))
    url = f"{account}&OTHER=never&INDEX={index.name}"
    assert answer(binding.http.get(url, headers=_INFO))["vectorCount"] == 1
    other = {**_INFO, "mf-binding": "OTHER"}
    text = 'vectorize.index.not_found - Index name "never"'
    failed(binding.http.get(url, headers=other), 404, 3000, text)
    query = {**_INFO, "mf-url": "http://vector-search/query"}
    query["mf-header-content-type"] = "application/json"
    found = binding.http.post(url, headers=query, json={"vector": padded(1)})
    assert answer(found)["count"] == 1


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("INDEX", ""), ("INDEX", "&index=a"), ("INDEX", "&INDEX="), ("OTHER", "&INDEX=a")],
)
def test_a_binding_without_an_index(
    binding: Bound, account: str, name: str, parameters: str
) -> None:
    text = f'invalid parameter: no index for binding "{name}": add {name}=INDEX'
    headers = {**_INFO, "mf-binding": name}
    failed(binding.http.get(account + parameters, headers=headers), 400, 40031, text)


def test_the_token_is_no_index(binding: Bound, account: str) -> None:
    text = 'invalid parameter: binding "token" needs its index in the path, not the query'
    headers = {**_INFO, "mf-binding": "token"}
    failed(binding.http.get(account, headers=headers), 400, 40031, text)
    answer(binding.http.get(binding.url, headers=headers))


def test_missing_headers(binding: Bound, index: Index, account: str) -> None:
    nothing = dict.fromkeys(_INFO, "")
    for method in ("GET", "POST"):
        for headers in ({}, nothing):
            response = binding.http.request(method, binding.url, headers=headers)
            failed(response, 400, 40031, _MISSING.format("MF-URL"))
            response = binding.http.request(method, account, headers=headers)
            failed(response, 400, 40031, _MISSING.format("MF-Binding"))
    response = binding.http.get(f"{account}&INDEX={index.name}", headers={"mf-binding": "INDEX"})
    failed(response, 400, 40031, _MISSING.format("MF-URL"))


@pytest.mark.parametrize("url", ["http://[", "http://vector-search]/info"])
def test_an_inner_address_that_is_none(binding: Bound, url: str) -> None:
    text = "invalid parameter: header MF-URL is no address: Invalid IPv6 URL"
    failed(binding.http.get(binding.url, headers={"mf-url": url}), 400, 40031, text)


@pytest.mark.parametrize("path", ["", "/", "/list", "/info/", "/get_by_ids", "/../info", "/é"])
def test_unknown_inner_routes(binding: Bound, path: str) -> None:
    text = f"Could not route to {path}, perhaps your object identifier is invalid?"
    for method in ("GET", "POST"):
        headers = {b"mf-url": f"http://vector-search{path}".encode("latin-1")}
        response = binding.http.request(method, binding.url, headers=headers)
        failed(response, 404, 7003, text)


@pytest.mark.parametrize("path", ["/binding/", "/binding/a/b/c", "/binding/a/b/", "/binding//"])
def test_unknown_addresses(binding: Bound, path: str) -> None:
    text = f"Could not route to {path}, perhaps your object identifier is invalid?"
    url = f"{binding.base}{path}?token={TOKEN}"
    for method in ("GET", "POST", "PURGE"):
        failed(binding.http.request(method, url, headers=_INFO), 404, 7003, text)


def test_an_inner_query_string_is_no_parameter(binding: Bound) -> None:
    for path in OPERATIONS:
        response = binding.ask(path, headers={"mf-url": f"http://vector-search{path}?a=b"})
        assert response.json().get("code") in (None, 40023, 40026)
