"""The V2 REST routes, `/client/v4/accounts/{account}/vectorize/v2/...`, and how routes are made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from vecinity.engine import LegacyEngine
from vecinity.errors import InvalidRequest, RequestTimeout, RouteNotFound, VectorizeError
from vecinity.limits import ACCOUNT_ID_CHARS, RECALL_HEADER
from vecinity.server import bodies, envelope, operations
from vecinity.server.call import Call
from vecinity.server.perform import Operation, perform
from vecinity.server.settings import ServerSettings

RouteTable: TypeAlias = list[tuple[str, str, Operation]]
"""Rows of method, path below a prefix, operation."""

ACCOUNT = "/client/v4/accounts/{account}/vectorize"
PREFIX = f"{ACCOUNT}/v2"

ROUTES: RouteTable = [
    ("GET", "/indexes", operations.list_indexes),
    ("POST", "/indexes", operations.create_index),
    ("GET", "/indexes/{index}", operations.get_index),
    ("DELETE", "/indexes/{index}", operations.delete_index),
    ("POST", "/indexes/{index}/insert", operations.insert),
    ("POST", "/indexes/{index}/upsert", operations.upsert),
    ("POST", "/indexes/{index}/query", operations.query),
    ("POST", "/indexes/{index}/get_by_ids", operations.get_by_ids),
    ("POST", "/indexes/{index}/delete_by_ids", operations.delete_by_ids),
    ("GET", "/indexes/{index}/info", operations.info),
    ("GET", "/indexes/{index}/list", operations.list_vectors),
    ("POST", "/indexes/{index}/metadata_index/create", operations.create_metadata_index),
    ("GET", "/indexes/{index}/metadata_index/list", operations.list_metadata_indexes),
    ("POST", "/indexes/{index}/metadata_index/delete", operations.delete_metadata_index),
]
"""Method, path below `PREFIX`, operation: the 14 endpoints of contract.md section a.2."""

_WRITES = ("/insert", "/upsert")


def routes(engine: LegacyEngine, settings: ServerSettings) -> list[Route]:
    """Starlette's routes of the V2 API."""
    return routes_of(PREFIX, ROUTES, engine, settings)


def routes_of(
    prefix: str, table: RouteTable, engine: LegacyEngine, settings: ServerSettings
) -> list[Route]:
    """Starlette's routes; the methods of a path share one, so that 405 is told from 404."""
    by_path: dict[str, dict[str, Operation]] = {}
    for method, path, operation in table:
        by_path.setdefault(prefix + path, {})[method] = operation
    return [
        Route(path, _endpoint(engine, settings, found, path), methods=list(found))
        for path, found in by_path.items()
    ]


def _endpoint(
    engine: LegacyEngine, settings: ServerSettings, by_method: dict[str, Operation], path: str
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        operation = by_method[method]
        try:
            body = await bodies.read(request, settings.limits.body_bytes)
            call = _call(request, engine, settings, body)
            return await run_in_threadpool(_answer, operation, call)
        except VectorizeError as error:
            return envelope.failure(error, write=path.endswith(_WRITES))
        except ClientDisconnect:
            # Nobody is there to read it, unless the guard already said why it hung up.
            return envelope.failure(RequestTimeout())

    return endpoint


def _answer(operation: Operation, call: Call) -> Response:
    return envelope.success(perform(operation, call), call.notes)


def _call(request: Request, engine: LegacyEngine, settings: ServerSettings, body: bytes) -> Call:
    account = request.path_params["account"]
    if len(account) > ACCOUNT_ID_CHARS:
        raise RouteNotFound(request.url.path)
    return Call(
        engine,
        settings,
        account,
        request.path_params.get("index", ""),
        request.query_params,
        body,
        request.headers.get("content-type", ""),
        _recall_target(request),
    )


def _recall_target(request: Request) -> float | None:
    given = request.headers.get(RECALL_HEADER)
    if given is None:
        return None
    try:
        return float(given)
    except ValueError as error:
        raise InvalidRequest(f"header {RECALL_HEADER}: {given!r} is no number") from error
