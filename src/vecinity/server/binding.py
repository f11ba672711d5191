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
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from vecinity.engine import LegacyEngine
from vecinity.errors import (
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

OPERATIONS: dict[str, tuple[str, Operation]] = {
    "/info": ("GET", operations.info),
    "/insert": ("POST", operations.insert),
    "/upsert": ("POST", operations.upsert),
    "/query": ("POST", operations.query),
    "/getByIds": ("POST", operations.get_by_ids),
    "/deleteByIds": ("POST", operations.delete_by_ids),
}
"""Path -> method and operation: all that a V2 binding can ask (contract.md section b.2)."""

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@dataclass(frozen=True, slots=True)
class Inner:
    """A binding's own request, out of whatever carried it."""

    method: str
    path: str
    account: str
    index: str
    content_type: str


def is_binding(path: str) -> bool:
    """Whether answers at `path` have the binding's form."""
    return path in OPERATIONS or path.startswith(PROXY_PATH)


def routes(engine: LegacyEngine, settings: ServerSettings) -> list[Route]:
    """Starlette's routes of both ways."""
    ours = replace(settings, limits=for_binding(settings.limits))

    def endpoint(read: Callable[[Request], Inner]) -> Callable[[Request], Awaitable[Response]]:
        async def answer_request(request: Request) -> Response:
            return await answer(request, engine, ours, read)

        return answer_request

    direct = [
        Route(path, endpoint(_direct), methods=[method]) for path, (method, _) in OPERATIONS.items()
    ]
    # Here the method is the inner request's, so that every one comes this far.
    return [
        *direct,
        Route(PROXY_PATH + "{account}", endpoint(_by_binding), methods=_METHODS),
        Route(PROXY_PATH + "{account}/{index}", endpoint(_by_path), methods=_METHODS),
    ]


async def answer(
    request: Request,
    engine: LegacyEngine,
    settings: ServerSettings,
    read: Callable[[Request], Inner],
) -> Response:
    """Do what the inner request, as `read` finds it, asks for.

    Args:
        settings: with the limits of the binding.
    """
    try:
        if request.headers.get("upgrade", "").lower() == "websocket":
            raise UpgradeRefused
        inner = read(request)
        operation = _operation(inner)
        body = await bodies.read(request, settings.limits.body_bytes)
        call = Call(
            engine,
            settings,
            inner.account,
            inner.index,
            body=body,
            content_type=inner.content_type,
        )
        return success(await run_in_threadpool(perform, operation, call))
    except VectorizeError as error:
        return failure(error)
    except ClientDisconnect:
        return failure(RequestTimeout())


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
        RouteNotFound: the account can't exist.
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
    return Inner(request.method, path, account, index, content_type)


def _protocol_header(request: Request, name: str) -> str:
    value = request.headers.get(name)
    if not value:
        raise InvalidParameter(f"this address is for a Worker's binding: header {name} is missing")
    return value


def _operation(inner: Inner) -> Operation:
    method, operation = OPERATIONS.get(inner.path, (None, None))
    if operation is None:
        raise RouteNotFound(inner.path)
    if inner.method != method:
        raise MethodNotAllowed
    return operation


def _direct(request: Request) -> Inner:
    account = request.headers.get("x-vectorize-account", "")
    index = request.headers.get("x-vectorize-index", "")
    if not account or not index or len(account) > ACCOUNT_ID_CHARS:
        raise InvalidParameter("headers x-vectorize-account and x-vectorize-index name the index")
    content_type = request.headers.get("content-type", "")
    path = request.scope["path"]
    method, _ = OPERATIONS[path]  # the route has seen to it; HEAD is a GET
    return Inner(method, path, account, index, content_type)


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
