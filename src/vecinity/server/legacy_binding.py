"""The binding of legacy V1 indexes, which names its index in the path (contract.md section b.5).

Only a workerd that runs by itself has one; miniflare always makes bindings of V2.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.routing import Route

from vecinity.engine import LegacyEngine
from vecinity.errors import MethodNotAllowed, RouteNotFound
from vecinity.server import binding
from vecinity.server import legacy_operations as operations
from vecinity.server.binding import Inner
from vecinity.server.perform import Operation
from vecinity.server.settings import ServerSettings

_INDEX = binding.PROXY_PATH + "indexes/{index}"

OPERATIONS: dict[str, Operation] = {
    "query": operations.query_over_binding,
    "insert": operations.insert,
    "upsert": operations.upsert,
    "getByIds": operations.get_by_ids,
    "deleteByIds": operations.delete_by_ids,
}
"""Last part of the path -> operation; all are POST."""


def routes(engine: LegacyEngine, settings: ServerSettings) -> list[Route]:
    """Starlette's routes; they come before those of `binding`, whose patterns cover the first."""
    describe = binding.endpoint(engine, settings, _describe)
    operate = binding.endpoint(engine, settings, _operate)
    return [
        Route(_INDEX, describe, methods=binding.METHODS),
        Route(_INDEX + "/{operation}", operate, methods=["POST"]),
    ]


def _describe(request: Request) -> Inner:
    index = request.path_params["index"]
    if binding.is_wrapped(request.scope["path"], request.headers):
        # for an account that happens to be called so
        return binding.unwrapped(request, "indexes", index)
    if request.method != "GET":
        raise MethodNotAllowed
    return Inner(operations.describe, binding.direct_account(request), index, "")


def _operate(request: Request) -> Inner:
    operation = OPERATIONS.get(request.path_params["operation"])
    if operation is None:
        raise RouteNotFound(request.url.path)
    content_type = request.headers.get("content-type", "")
    account = binding.direct_account(request)
    return Inner(operation, account, request.path_params["index"], content_type)
