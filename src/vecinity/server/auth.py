"""Who may call: one bearer token, or on loopback any; and no foreign web page ever."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from starlette.datastructures import Headers, QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send

from vecinity.errors import AuthenticationError, Forbidden, VectorizeError
from vecinity.server import binding, surface
from vecinity.server.settings import ServerSettings

OPEN_PATHS = ("/healthz",)
"""What needs no token."""


class Gate:
    """ASGI middleware that lets a request through or answers 401 or 403."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._token = settings.token
        self._origins = frozenset(settings.allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            refusal = self._refusal(scope)
            if refusal is not None:
                await surface.failure(scope["path"], refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> VectorizeError | None:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin not in self._origins:
            if origin is not None:
                return Forbidden(f"origin {origin} is not allowed")
            if headers.get("sec-fetch-site") == "cross-site":
                return Forbidden("cross-site requests are not allowed")
        if self._token is None and not _is_loopback(headers.get("host", "")):
            # A foreign name that resolves to loopback is a web page's way around its origin.
            return Forbidden(f"host {headers.get('host')} is not this machine's loopback")
        if scope["path"] in OPEN_PATHS or self._knows(_token(scope, headers)):
            return None
        return AuthenticationError()

    def _knows(self, given: str) -> bool:
        if self._token is None:
            return bool(given)
        return hmac.compare_digest(given.encode(), self._token.encode())


def _token(scope: Scope, headers: Headers) -> str:
    """What was sent as `Authorization: Bearer` or `X-Auth-Key`; empty if nothing.

    Miniflare can send neither, so where its protocol is spoken the URL's `token` counts instead.
    """
    if binding.is_wrapped(scope["path"], headers):
        return QueryParams(scope["query_string"]).get(binding.TOKEN_PARAMETER, "")
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return headers.get("x-auth-key", "").strip()


def _is_loopback(host: str) -> bool:
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    name = name.strip("[]").lower()
    if name in ("localhost", binding.HOST) or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
