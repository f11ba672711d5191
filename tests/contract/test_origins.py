"""Browsers: no web page may write to a server on loopback unless a flag allows its origin."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.contract.api import Index, create, refused, result, vector, watched
from tests.support.server import Server

_UNAUTHORIZED = "Unauthorized to access requested resource"
_ALLOWED = ["http://localhost:5173", "https://app.example"]
_FOREIGN = [
    "http://evil.example",
    "null",
    "",
    "http://localhost",
    "http://localhost:5174",
    "https://localhost:5173",
    "http://localhost:5173.evil.example",
    "HTTP://LOCALHOST:5173",
]


@pytest.fixture(scope="module")
def allowing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """A server that takes the two allowed origins."""
    flags = [part for origin in _ALLOWED for part in ("--allow-origin", origin)]
    data = tmp_path_factory.mktemp("origins") / "data"
    with Server(data, *flags) as running, watched(running) as client:
        yield client


@pytest.mark.parametrize("origin", [*_FOREIGN, *_ALLOWED])
@pytest.mark.parametrize("site", [None, "same-origin"])
def test_no_origin_is_allowed_by_itself(index: Index, origin: str, site: str | None) -> None:
    headers = {"origin": origin} | ({"sec-fetch-site": site} if site else {})
    text = f"{_UNAUTHORIZED}: origin {origin} is not allowed"
    for response in (
        index.http.get("/indexes", headers=headers),
        index.http.delete(f"/indexes/{index.name}", headers=headers),
        index.http.post("/indexes", content=b"{}", headers=headers),
    ):
        refused(response, 403, 9109, text)
        assert "access-control-allow-origin" not in response.headers
    assert index.info()["vectorCount"] == 0


def test_cross_site_requests_are_refused(index: Index) -> None:
    text = f"{_UNAUTHORIZED}: cross-site requests are not allowed"
    headers = {"sec-fetch-site": "cross-site"}
    refused(index.http.delete(f"/indexes/{index.name}", headers=headers), 403, 9109, text)
    for site in ("same-origin", "none"):
        result(index.http.get("/indexes", headers={"sec-fetch-site": site}))


@pytest.mark.parametrize("origin", _ALLOWED)
def test_an_allowed_origin_may_read_every_answer(allowing: httpx2.Client, origin: str) -> None:
    headers = {"origin": origin, "sec-fetch-site": "cross-site"}
    good = allowing.get("/indexes", headers=headers)
    result(good)
    bad = allowing.get("/indexes/no", headers=headers)
    refused(bad, 404, 3000, 'vectorize.index.not_found - Index name "no"')
    no_token = httpx2.get(good.request.url, headers=headers)
    refused(no_token, 401, 10000, "Authentication error")
    for response in (good, bad, no_token):
        assert response.headers["access-control-allow-origin"] == origin
        assert "origin" in response.headers["vary"].lower()


def test_an_allowed_origin_may_write(allowing: httpx2.Client, index_name: str) -> None:
    index = create(allowing, index_name)
    response = index.post("upsert", [vector("a")], headers={"origin": _ALLOWED[0]})
    result(response)
    assert index.ids() == ["a"]


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("origin", _ALLOWED)
def test_a_preflight_needs_no_token(allowing: httpx2.Client, origin: str, method: str) -> None:
    headers = {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": "authorization,content-type",
    }
    response = httpx2.options(f"{allowing.base_url}indexes", headers=headers)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == origin
    assert method in response.headers["access-control-allow-methods"]
    allowed = response.headers["access-control-allow-headers"].lower()
    assert "authorization" in allowed
    assert "content-type" in allowed


@pytest.mark.parametrize("origin", _FOREIGN)
def test_other_origins_are_still_refused(allowing: httpx2.Client, origin: str) -> None:
    response = allowing.get("/indexes", headers={"origin": origin})
    refused(response, 403, 9109, f"{_UNAUTHORIZED}: origin {origin} is not allowed")
    assert "access-control-allow-origin" not in response.headers
    preflight = allowing.options(
        "/indexes", headers={"origin": origin, "access-control-request-method": "POST"}
    )
    assert 400 <= preflight.status_code < 500
    assert "access-control-allow-origin" not in preflight.headers
