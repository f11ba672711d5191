"""`remote: true` in stock wrangler: the preview calls it makes, and the Worker it then talks to.

wrangler uploads a Worker whose only work is to pass on what remote bindings ask. This server takes
from the upload which binding means which index, and answers in that Worker's place
(clients.md section 4, way b).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import orjson
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from vecinity.engine import LegacyEngine
from vecinity.errors import (
    InternalError,
    InvalidPreviewToken,
    InvalidRequest,
    RequestTimeout,
    RouteNotFound,
    UnsupportedPreview,
    VectorizeError,
)
from vecinity.limits import ACCOUNT_ID_CHARS
from vecinity.server import binding, bodies, envelope, forms
from vecinity.server.binding import Inner
from vecinity.server.hints import safe
from vecinity.server.settings import ServerSettings

SUBDOMAIN = "vecinity.local"
"""Every account's. With its dot it can be nobody's at Cloudflare, so that what is meant for this
server never gets to a stranger where the hosts entry is missing."""

DOMAIN = f"{SUBDOMAIN}.workers.dev"
"""The hosts that wrangler then calls are one level below it, by the names of Workers."""

_LOG = logging.getLogger(__name__)
_PREFIX = "/client/v4/accounts/{account}/workers"
_SESSION = "local-session"
"""Anything: wrangler only sends it back."""


class _Binding(msgspec.Struct):
    """A binding in an upload's metadata."""

    name: str
    type: str
    index_name: str = ""
    raw: bool = False


class _Metadata(msgspec.Struct):
    bindings: list[_Binding] = []


class PreviewTokens:
    """Tokens that carry an account and the indexes of its bindings, signed; nothing is stored.

    A token is the right to use those indexes, as a binding is, and it does not end: wrangler keeps
    it as long as it runs.

    Args:
        secret: what signs them; with the same one they hold after a restart.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def issue(self, account: str, indexes: Mapping[str, str]) -> str:
        """A token for the indexes, by the names of their bindings."""
        content = orjson.dumps([account, dict(indexes)])
        return base64.urlsafe_b64encode(self._mac(content) + content).decode()

    def read(self, token: str) -> tuple[str, dict[str, str]]:
        """The account, and the indexes by binding. Raises InvalidPreviewToken."""
        try:
            data = base64.b64decode(token, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidPreviewToken from error
        mac, content = data[: hashlib.sha256().digest_size], data[hashlib.sha256().digest_size :]
        if not hmac.compare_digest(mac, self._mac(content)):
            raise InvalidPreviewToken
        account, indexes = orjson.loads(content)
        return account, indexes

    def _mac(self, content: bytes) -> bytes:
        return hmac.digest(self._secret, content, "sha256")


def routes(settings: ServerSettings, tokens: PreviewTokens) -> list[Route]:
    """The three calls by which wrangler starts a preview, on the REST surface."""

    async def upload(request: Request) -> Response:
        body = await bodies.read(request, settings.limits.body_bytes)
        indexes = _indexes(request.headers.get("content-type", ""), body)
        token = tokens.issue(request.path_params["account"], indexes)
        return envelope.success({"preview_token": token, "tail_url": ""})

    async def session(request: Request) -> Response:
        return envelope.success({"token": _SESSION})

    async def subdomain(request: Request) -> Response:
        return envelope.success({"subdomain": SUBDOMAIN})

    script = f"{_PREFIX}/scripts/{{worker}}"
    return [
        Route(f"{_PREFIX}/subdomain/edge-preview", _enveloped(session), methods=["GET"]),
        Route(f"{script}/subdomain/edge-preview", _enveloped(session), methods=["GET"]),
        Route(f"{_PREFIX}/subdomain", _enveloped(subdomain), methods=["GET"]),
        Route(f"{script}/edge-preview", _enveloped(upload), methods=["POST"]),
    ]


def create_preview_app(
    engine: LegacyEngine, settings: ServerSettings, tokens: PreviewTokens
) -> Starlette:
    """The Worker that was uploaded, as far as its remote bindings go; for a TLS listener.

    Its preview tokens are all the right there is: the server's own token opens nothing here.
    """

    def read(request: Request) -> Inner:
        account, indexes = tokens.read(request.headers.get("cf-workers-preview-token", ""))
        name = request.headers.get("mf-binding", "")
        if name not in indexes:
            raise UnsupportedPreview(f'"{name}" is none of those that were uploaded')
        return binding.unwrapped(request, account, indexes[name])

    bound = binding.endpoint(engine, settings, read)

    async def answer(request: Request) -> Response:
        if "mf-url" in request.headers or "mf-binding" in request.headers:
            return await bound(request)
        return PlainTextResponse("Vecinity answers for this Worker's remote Vectorize bindings.\n")

    async def failed(request: Request, error: Exception) -> Response:
        return binding.failure(InternalError())

    route = Route("/{path:path}", answer, methods=binding.METHODS)
    return Starlette(routes=[route], exception_handlers={Exception: failed})


def _enveloped(
    answer: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            if len(request.path_params["account"]) > ACCOUNT_ID_CHARS:
                raise RouteNotFound(request.url.path)
            return await answer(request)
        except VectorizeError as error:
            return envelope.failure(error)
        except ClientDisconnect:
            return envelope.failure(RequestTimeout())

    return endpoint


def _indexes(content_type: str, body: bytes) -> dict[str, str]:
    """The index of each Vectorize binding in an upload.

    Others, such as Workers AI, which wrangler makes remote unasked, only fail when they are used.

    Raises:
        InvalidRequest: it is no upload of a Worker.
        UnsupportedPreview: the Worker itself is to run here.
    """
    indexes = {}
    for each in _metadata(content_type, body).bindings:
        if each.type != "vectorize":
            _LOG.warning(
                "%s", safe(f"binding {each.name} of type {each.type} can't be remote here")
            )
        elif not each.raw:
            raise UnsupportedPreview("use `remote: true` with `wrangler dev`, without --remote")
        else:
            indexes[each.name] = each.index_name
    return indexes


def _metadata(content_type: str, body: bytes) -> Any:
    try:
        for part in forms.parts(content_type, body):
            if part.name == b"metadata":
                return msgspec.json.decode(bytes(part.data), type=_Metadata)
    except (forms.InvalidForm, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"metadata: {error}") from error
    raise InvalidRequest('there is no part named "metadata"')
