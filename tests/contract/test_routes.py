"""Routes: what is unknown, which methods each takes, accounts, and paths meant to confuse."""

from __future__ import annotations

import json
import re
import socket

import httpx2
import pytest

from tests.contract.api import ROUTES, Index, create, refused, result
from tests.support.server import ACCOUNT, TOKEN, Server

_API = f"/client/v4/accounts/{ACCOUNT}/vectorize/v2"
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_PATHS = sorted({path for _, path in ROUTES})


def _unknown(path: str) -> tuple[int, int, str]:
    return 404, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/client/v4",
        "/favicon.ico",
        "/healthz/",
        "/healthz/more",
        "/metrics",
        "/client/v4/accounts",
        "/client/v4/accounts/a/vectorize/v3/indexes",
        "/client/v4/accounts/a/b/vectorize/v2/indexes",
        "/client/v5/accounts/a/vectorize/v2/indexes",
        _API,
        f"{_API}/",
        f"{_API}/indexes/",
        f"{_API}/indexes/a/",
        f"{_API}/indexes/a/no",
        f"{_API}/indexes/a/info/",
        f"{_API}/indexes/a/getByIds",
        f"{_API}/indexes/a/get-by-ids",
        f"{_API}/indexes/a/metadata_index",
        f"{_API}/indexes/a/metadata_index/update",
        f"{_API}/INDEXES",
        f"{_API}/indexes/a/INFO",
    ],
)
def test_unknown_routes(http: httpx2.Client, server: Server, path: str) -> None:
    for method in _METHODS:
        refused(http.request(method, server.url + path), *_unknown(path))


@pytest.mark.parametrize("path", _PATHS)
def test_wrong_methods(http: httpx2.Client, path: str) -> None:
    allowed = {method for method, known in ROUTES if known == path}
    for method in [*_METHODS, "OPTIONS", "TRACE", "PURGE"]:
        if method not in allowed:
            response = http.request(method, path.format("a"))
            refused(response, 405, 10405, "Method not allowed")
            assert set(response.headers["allow"].split(", ")) - {"HEAD"} == allowed


def test_head_is_a_get_without_a_body(index: Index) -> None:
    for path in ("/indexes", f"/indexes/{index.name}", f"/indexes/{index.name}/info"):
        response = index.http.head(path)
        assert response.status_code == 200
        assert response.content == b""


def test_healthz(http: httpx2.Client, server: Server) -> None:
    response = httpx2.get(f"{server.url}/healthz")
    assert response.status_code == 200
    assert response.json()["status"] == "ok"
    refused(http.post(f"{server.url}/healthz"), 405, 10405, "Method not allowed")


def test_answers_are_json(index: Index) -> None:
    for response in (index.get("info"), index.get("no"), index.post("query", {})):
        assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize("account", ["a", "x" * 32, "local", "a-b_c", "A.b~c", "é", "a%20b"])
def test_accounts(http: httpx2.Client, server: Server, account: str) -> None:
    assert result(http.get(f"{server.api}/accounts/{account}/vectorize/v2/indexes")) == []


@pytest.mark.parametrize("length", [33, 64, 5_000])
def test_long_account_ids(http: httpx2.Client, server: Server, length: int) -> None:
    base = f"/client/v4/accounts/{'x' * length}/vectorize/v2"
    for method, path in ROUTES:
        full = base + path.format("a")
        refused(http.request(method, server.url + full), *_unknown(full))


@pytest.mark.parametrize("name", ["a b", "a.b", "é", "a\nb", 'a"b', "{index}", "..", "x" * 5_000])
def test_names_that_no_index_can_have(http: httpx2.Client, name: str) -> None:
    escaped = "".join(f"%{byte:02x}" for byte in name.encode())
    text = f'vectorize.index.not_found - Index name "{name}"'
    refused(http.get(f"/indexes/{escaped}/info"), 404, 3000, text)
    refused(http.delete(f"/indexes/{escaped}"), 404, 3000, text)


def _raw(server: Server, method: bytes, target: bytes) -> tuple[int, bytes]:
    """The status and body for a request line that no client library would send."""
    head = [
        method + b" " + target + b" HTTP/1.1",
        b"host: 127.0.0.1",
        b"authorization: Bearer " + TOKEN.encode(),
        b"content-length: 0",
        b"connection: close",
    ]
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(b"\r\n".join(head) + b"\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    assert found, answer
    return int(found[1]), answer.partition(b"\r\n\r\n")[2]


_INDEXES = _API.encode() + b"/indexes"
_TRICKS = [
    b"/%2e%2e/%2e%2e/etc/passwd",
    b"//",
    b"///client/v4",
    b"//client/v4/accounts/a/vectorize/v2/indexes",
    b"/client//v4/accounts/a/vectorize/v2/indexes",
    b"/client/v4/accounts//vectorize/v2/indexes",
    b"/client/v4/accounts/%2f/vectorize/v2/indexes",
    b"/client/v4/accounts/%00/vectorize/v2/indexes",
    b"/client/v4/accounts/%ff%fe/vectorize/v2/indexes",
    b"/client/v4/accounts/../accounts/a/vectorize/v2/indexes",
    _API.upper().encode(),
    _INDEXES + b";a=b",
    _INDEXES + b"/a;b",
    _INDEXES + b"/a;b/info",
    _INDEXES + b"/a%2fb",
    _INDEXES + b"/a%2Finfo",
    _INDEXES + b"/%2e%2e/info",
    _INDEXES + b"/../indexes",
    _INDEXES + b"/./info",
    _INDEXES + b"//info",
    _INDEXES + b"/%00/info",
    _INDEXES + b"/%0d%0ax:y/info",
    _INDEXES + b"/%ff%fe/info",
    _INDEXES + b"/%ed%a0%80/info",
    _INDEXES + b"/%/info",
    _INDEXES + b"/%zz/info",
    _INDEXES + b"/%u0041/info",
    _INDEXES + b"/\xff\xfe/info",
    _INDEXES + b"/\xc3\xa9/info",
    _INDEXES + b"/{index}/info",
    _INDEXES + b"/[a]/info",
    _INDEXES + b"/\\..\\/info",
    _INDEXES + b"/" + b"x" * 60_000 + b"/info",
    _INDEXES + b"?",
    _INDEXES + b"?%ff=%ff&&&=&a",
    _INDEXES + b"?\xff=\xff",
    _INDEXES + b"?a=" + b"b" * 60_000,
    _INDEXES + b"#fragment",
    b"http://127.0.0.1" + _INDEXES,
    b"http://evil.example" + _INDEXES,
    b"*",
    b"x",
    b"?",
    b"",
]


@pytest.mark.parametrize("target", _TRICKS, ids=range(len(_TRICKS)))
def test_paths_meant_to_confuse(http: httpx2.Client, server: Server, target: bytes) -> None:
    for method in (b"GET", b"POST", b"DELETE", b"OPTIONS", b"HEAD", b"CONNECT", b"get", b"\xff"):
        status, body = _raw(server, method, target)
        assert 200 <= status < 500, (method, status, body)
        if body:
            assert json.loads(body).keys() >= {"result", "success", "errors", "messages"}
    assert result(http.get("/indexes")) is not None


def test_an_index_is_only_reached_by_its_own_name(http: httpx2.Client, index_name: str) -> None:
    index = create(http, f"Aa-{index_name}")
    for name in (index.name.lower(), index.name.upper(), f"{index.name}%20", f"{index.name}%00"):
        assert http.get(f"/indexes/{name}/info").status_code == 404
    assert index.info()["vectorCount"] == 0
