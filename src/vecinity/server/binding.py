"""The Workers binding: the same operations, bare results, errors as `{code, error}`.

What a Worker's `env.INDEX` sends to the dummy host `vector-search` (contract.md section b) arrives
in one of two ways:

- as it is, with the index in headers, from a workerd that injects them;
- wrapped by miniflare's remote-proxy protocol: any URL, the inner URL and headers in `MF-*`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from vecinity.engine import LegacyEngine
from vecinity.errors import (
    BodyTooLarge,
    InvalidParameter,
    MethodNotAllowed,
    RequestTimeout,
    RouteNotFound,
    TooManyRequests,
    UpgradeRefused,
    VectorizeError,
)
from vecinity.limits import ACCOUNT_ID_CHARS, for_binding
from vecinity.server import bodies, operations
from vecinity.server.call import Call
from vecinity.server.perform import Operation, perform
from vecinity.server.settings import ServerSettings

HOST = "vector-search"
"""The host that a binding believes it talks to."""

PROXY_PATH = "/binding/"
"""Where miniflare's protocol is spoken; the token is in the query, as nothing else gets through."""

TOKEN_PARAMETER = "token"
"""The token's name in that query; the other names are those of bindings."""

_ACCOUNT = "x-vectorize-account"
_INDEX = "x-vectorize-index"

OPERATIONS: dict[str, tuple[str, Operation]] = {
    "/info": ("GET", operations.info),
    "/insert": ("POST", operations.insert),
    "/upsert": ("POST", operations.upsert),
    "/query": ("POST", operations.query),
    "/getByIds": ("POST", operations.get_by_ids),
    "/deleteByIds": ("POST", operations.delete_by_ids),
}
"""Path -> method and operation: all that a V2 binding can ask (contract.md section b.2)."""

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
"""What a route of miniflare's protocol takes: the method is the inner request's."""


@dataclass(frozen=True, slots=True)
class Inner:
    """What a binding asks, out of whatever carried it."""

    operation: Operation
    account: str
    index: str
    content_type: str


def is_binding(path: str) -> bool:
    """Whether answers at `path` have the binding's form."""
    return path in OPERATIONS or path.startswith(PROXY_PATH)


def is_wrapped(path: str, headers: Headers) -> bool:
    """Whether a request is of miniflare's protocol, not one of a V1 binding as it sends it."""
    return path.startswith(PROXY_PATH) and _ACCOUNT not in headers


def routes(engine: LegacyEngine, settings: ServerSettings) -> list[Route]:
    """Starlette's routes of both ways."""
    direct = endpoint(engine, settings, _direct)
    by_binding = endpoint(engine, settings, _by_binding)
    by_path = endpoint(engine, settings, _by_path)
    return [
        *(Route(path, direct, methods=[method]) for path, (method, _) in OPERATIONS.items()),
        Route(PROXY_PATH + "{account}", by_binding, methods=METHODS),
        Route(PROXY_PATH + "{account}/{index}", by_path, methods=METHODS),
    ]


def endpoint(
    engine: LegacyEngine, settings: ServerSettings, read: Callable[[Request], Inner]
) -> Callable[[Request], Awaitable[Response]]:
    """Does what a request asks, as `read` finds it, within the limits of a binding."""
    limited = replace(settings, limits=for_binding(settings.limits))

    async def endpoint(request: Request) -> Response:
        return await _answer(request, engine, limited, read)

    return endpoint


async def _answer(
    request: Request,
    engine: LegacyEngine,
    settings: ServerSettings,
    read: Callable[[Request], Inner],
) -> Response:
    try:
        if request.headers.get("upgrade", "").lower() == "websocket":
            raise UpgradeRefused
        inner = read(request)
        body = await _body(request, settings.limits.body_bytes)
        call = Call(
            engine,
            settings,
            inner.account,
            inner.index,
            body=body,
            content_type=inner.content_type,
        )
        return success(await run_in_threadpool(perform, inner.operation, call))
    except VectorizeError as error:
        return failure(error)
    except ClientDisconnect:
        return failure(RequestTimeout())


async def _body(request: Request, max_bytes: int) -> bytes:
    try:
        return await bodies.read(request, max_bytes)
    except BodyTooLarge:
        await bodies.drain(request)
        raise


def success(result: Any) -> Response:
    """Exactly 200: a binding takes any other status for a failure."""
    content = orjson.dumps(result, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(content, media_type="application/json")


def failure(error: VectorizeError) -> Response:
    """A binding throws `VECTOR_QUERY_ERROR (code = CODE): TEXT` from it."""
    body = orjson.dumps({"code": error.code, "error": error.message})
    response = Response(body, error.status, media_type="application/json")
    if isinstance(error, TooManyRequests):
        response.headers["retry-after"] = "1"
    return response


def unwrapped(request: Request, account: str, index: str) -> Inner:
    """The request in miniflare's `MF-URL` and `MF-Header-*`.

    Raises:
        RouteNotFound, MethodNotAllowed: there is no such account, or operation.
        InvalidParameter: this is no request of that protocol.
    """
    if len(account) > ACCOUNT_ID_CHARS:
        raise RouteNotFound(request.url.path)
    url = _protocol_header(request, "MF-URL")
    try:
        path = urlsplit(url).path
    except ValueError as error:
        raise InvalidParameter(f"header MF-URL is no address: {error}") from error
    content_type = request.headers.get("mf-header-content-type", "")
    return Inner(_operation(request.method, path), account, index, content_type)


def direct_account(request: Request) -> str:
    """The account in the header of a request that comes as the binding sends it.

    Raises:
        InvalidParameter: there is none, or none that can exist.
    """
    account = request.headers.get(_ACCOUNT, "")
    if not account or len(account) > ACCOUNT_ID_CHARS:
        raise InvalidParameter(f"header {_ACCOUNT} must name the account")
    return account


def _protocol_header(request: Request, name: str) -> str:
    value = request.headers.get(name)
    if not value:
        raise InvalidParameter(f"this address is for a Worker's binding: header {name} is missing")
    return value


def _operation(method: str, path: str) -> Operation:
    known, operation = OPERATIONS.get(path, (None, None))
    if operation is None:
        raise RouteNotFound(path)
    if method != known:
        raise MethodNotAllowed
    return operation


def _direct(request: Request) -> Inner:
    account = direct_account(request)
    index = request.headers.get(_INDEX, "")
    if not index:
        raise InvalidParameter(f"header {_INDEX} must name the index")
    _, operation = OPERATIONS[request.scope["path"]]
    return Inner(operation, account, index, request.headers.get("content-type", ""))


def _by_path(request: Request) -> Inner:
    return unwrapped(request, request.path_params["account"], request.path_params["index"])


def _by_binding(request: Request) -> Inner:
    """The index is the one that the URL gives to the binding's name."""
    name = _protocol_header(request, "MF-Binding")
    if name == TOKEN_PARAMETER:
        raise InvalidParameter(f'binding "{name}" needs its index in the path, not the query')
    index = request.query_params.get(name)
    if not index:
        raise InvalidParameter(f'no index for binding "{name}": add {name}=INDEX')
    return unwrapped(request, request.path_params["account"], index)
