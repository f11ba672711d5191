"""A binding over plain HTTP: its requests, and the form of its answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.contract.api import Expected, ndjson, watched
from tests.support.server import ACCOUNT, TOKEN, Server

OPERATIONS = {
    "/info": "GET",
    "/insert": "POST",
    "/upsert": "POST",
    "/query": "POST",
    "/getByIds": "POST",
    "/deleteByIds": "POST",
}
"""Every path that a binding uses, with its method."""

NDJSON = "application/x-ndjson"
JSON = "application/json"
WEBSOCKET = {
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
}
"""What miniflare 4 sends beside each of a binding's requests."""


@dataclass(frozen=True)
class Bound:
    """A binding to one index.

    Attributes:
        http: a client without headers of its own.
        base: where the server is.
        wrapped: by miniflare's protocol, else as workerd sends it with injected headers.
    """

    http: httpx2.Client
    base: str
    index: str
    wrapped: bool
    account: str = ACCOUNT
    token: str = TOKEN

    def ask(
        self, path: str, method: str | None = None, *, content_type: str = JSON, **options: Any
    ) -> httpx2.Response:
        """One request; `headers` among the options are added to the binding's own."""
        method = method or OPERATIONS[path]
        extra = options.pop("headers", {})
        if not self.wrapped:
            headers = {**self.named(), "content-type": content_type, **extra}
            return self.http.request(method, self.base + path, headers=headers, **options)
        headers = {
            "mf-binding": "INDEX",
            "mf-url": f"http://vector-search{path}",
            "mf-header-content-type": content_type,
            **extra,
        }
        return self.http.request(method, self.url, headers=headers, **options)

    @property
    def url(self) -> str:
        """Where miniflare's protocol reaches this index."""
        return f"{self.base}/binding/{self.account}/{self.index}?token={self.token}"

    def named(self) -> dict[str, str]:
        """The headers that workerd injects."""
        return {
            "host": "vector-search",
            "authorization": f"Bearer {self.token}".strip(),
            "x-vectorize-account": self.account,
            "x-vectorize-index": self.index,
        }

    def post(self, path: str, body: object) -> httpx2.Response:
        return self.ask(path, json=body)

    def write(self, path: str, *vectors: dict[str, Any]) -> httpx2.Response:
        return self.ask(path, content=ndjson(*vectors), content_type=NDJSON)

    def count(self) -> int:
        """How many vectors there are."""
        stored: int = answer(self.ask("/info"))["vectorCount"]
        return stored


@contextmanager
def bound(server: Server, index: str, *, wrapped: bool) -> Iterator[Bound]:
    """A binding on `server`, watched: whatever is asked, nothing may crash there."""
    with watched(server, token=None) as http:
        yield Bound(http, server.url, index, wrapped)


def answer(response: httpx2.Response) -> Any:
    """The bare result: exactly 200, as a binding takes all else for a failure."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    return response.json()


def failed(response: httpx2.Response, status: int, code: int, text: Expected) -> None:
    """Check that `response` is this failure, in the form that a binding reads."""
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert (response.status_code, list(body)) == (status, ["code", "error"])
    assert body["code"] == code
    if isinstance(text, str):
        assert body["error"] == text
    else:
        assert text.fullmatch(body["error"]), body["error"]
