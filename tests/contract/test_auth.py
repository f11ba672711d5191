"""Who may call: tokens, and where a server without one may listen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.contract.api import ROUTES, create, refused, result, watched
from tests.support.server import Server

_SECRET = "a-Secret/token+of=some.length"
_DENIED = (401, 10000, "Authentication error")
_FOREIGN = "Unauthorized to access requested resource: host {} is not this machine's loopback"

NO_TOKEN: dict[str, dict[str, Any]] = {
    "nothing": {},
    "empty": {"authorization": ""},
    "no token": {"authorization": "Bearer"},
    "another scheme": {"authorization": "Basic dGVzdDp0ZXN0"},
    "a scheme of its own": {"authorization": "Token test"},
    "no scheme": {"authorization": "test-token"},
    "an empty key": {"x-auth-email": "a@b.example", "x-auth-key": ""},
    "only an address": {"x-auth-email": "a@b.example"},
    "a cookie": {"cookie": "authorization=Bearer test"},
}


@pytest.fixture(scope="module")
def nobody(server: Server) -> Iterator[httpx2.Client]:
    """A client without a token."""
    with watched(server, token=None) as client:
        yield client


@pytest.mark.parametrize("headers", NO_TOKEN.values(), ids=NO_TOKEN)
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_needs_some_token(
    nobody: httpx2.Client, headers: dict[str, str], method: str, path: str
) -> None:
    refused(nobody.request(method, path.format("a"), headers=headers), *_DENIED)


def test_unknown_routes_need_a_token_too(nobody: httpx2.Client, server: Server) -> None:
    refused(nobody.get(f"{server.url}/no"), *_DENIED)
    refused(nobody.put("/indexes"), *_DENIED)


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer anything"},
        {"authorization": "bearer anything"},
        {"authorization": b"Bearer \xe9\xff"},
        {"x-auth-email": "a@b.example", "x-auth-key": "anything"},
        {"authorization": "Basic x", "x-auth-key": "anything"},
    ],
)
def test_on_loopback_any_token_will_do(nobody: httpx2.Client, headers: dict[str, Any]) -> None:
    assert isinstance(result(nobody.get("/indexes", headers=headers)), list)


@pytest.mark.parametrize("header", ["authorization", "x-auth-key", "x-anything"])
def test_a_header_of_100_kb_is_refused(nobody: httpx2.Client, header: str) -> None:
    headers = {header: f"Bearer {'x' * 100_000}"}
    text = "request headers too large; max is 65536 bytes"
    refused(nobody.get("/indexes", headers=headers), 431, 10431, text)


@pytest.fixture(scope="module", params=["flag", "environment"])
def guarded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server with a token of its own, given in either way."""
    by_flag = request.param == "flag"
    data = tmp_path_factory.mktemp("guarded") / "data"
    flags = ("--token", _SECRET) if by_flag else ()
    with Server(data, *flags, env={} if by_flag else {"VECINITY_TOKEN": _SECRET}) as running:
        with watched(running, token=_SECRET) as client:
            create(client, "kept")
        yield running


_WRONG: list[dict[str, Any]] = [
    {"authorization": "Bearer wrong"},
    {"authorization": f"Bearer {_SECRET}x"},
    {"authorization": f"Bearer {_SECRET[:-1]}"},
    {"authorization": f"Bearer {_SECRET.lower()}"},
    {"authorization": b"Bearer \xe9\xff"},
    {"authorization": f"Basic {_SECRET}"},
    {"x-auth-key": "wrong"},
    {"authorization": "Bearer wrong", "x-auth-key": _SECRET},
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_wrong_token_opens_no_route(guarded: Server, method: str, path: str) -> None:
    with watched(guarded, token=None) as client:
        for headers in [*_WRONG, *NO_TOKEN.values()]:
            refused(client.request(method, path.format("kept"), headers=headers), *_DENIED)
    with watched(guarded, token=_SECRET) as client:
        assert client.get("/indexes/kept").status_code == 200


def test_the_right_token_opens_all_routes(guarded: Server) -> None:
    for headers in ({"authorization": f"Bearer {_SECRET}"}, {"x-auth-key": _SECRET}):
        with watched(guarded, token=None) as client:
            for method, path in ROUTES:
                response = client.request(method, path.format("no"), headers=headers)
                assert response.status_code in (200, 400, 404)


def test_healthz_needs_no_token(guarded: Server) -> None:
    for headers in ({}, {"authorization": "Bearer wrong"}):
        response = httpx2.get(f"{guarded.url}/healthz", headers=headers)
        assert (response.status_code, response.json()["status"]) == (200, "ok")


def test_a_token_is_never_logged(guarded: Server) -> None:
    assert _SECRET not in guarded.log()


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1", "127.1.2.3:9", "[::1]"])
def test_names_of_loopback(http: httpx2.Client, host: str) -> None:
    result(http.get("/indexes", headers={"host": host}))


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1:80", "[::2]"])
def test_a_foreign_name_for_loopback_is_refused(
    http: httpx2.Client, guarded: Server, host: str
) -> None:
    refused(http.get("/indexes", headers={"host": host}), 403, 9109, _FOREIGN.format(host))
    with watched(guarded, token=_SECRET) as client:
        result(client.get("/indexes", headers={"host": host}))


@pytest.mark.parametrize("flags", [(), ("--token", "")])
@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_without_a_token_only_loopback_is_listened_on(
    tmp_path: Path, host: str, flags: tuple[str, ...]
) -> None:
    with pytest.raises(
        RuntimeError, match=f"{host} can be reached from other machines: give a token"
    ):
        Server(tmp_path / "data", "--host", host, *flags, env={"VECINITY_TOKEN": ""})
    assert not (tmp_path / "data").exists()


def test_with_a_token_all_addresses_can_be_listened_on(tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--host", "0.0.0.0", "--token", _SECRET) as running:
        local = f"http://127.0.0.1:{running.port}/client/v4/accounts/a/vectorize/v2/indexes"
        refused(httpx2.get(local), *_DENIED)
        assert result(httpx2.get(local, headers={"authorization": f"Bearer {_SECRET}"})) == []
