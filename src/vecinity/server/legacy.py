"""The REST routes of the legacy V1 API: `/client/v4/accounts/{account}/vectorize/indexes/...`."""

from __future__ import annotations

from starlette.routing import Route

from vecinity.engine import LegacyEngine
from vecinity.server import legacy_operations as operations
from vecinity.server.rest import ACCOUNT, RouteTable, routes_of
from vecinity.server.settings import ServerSettings

ROUTES: RouteTable = [
    ("GET", "/indexes", operations.list_indexes),
    ("POST", "/indexes", operations.create_index),
    ("GET", "/indexes/{index}", operations.get_index),
    ("PUT", "/indexes/{index}", operations.update_index),
    ("DELETE", "/indexes/{index}", operations.delete_index),
    ("POST", "/indexes/{index}/insert", operations.insert),
    ("POST", "/indexes/{index}/upsert", operations.upsert),
    ("POST", "/indexes/{index}/query", operations.query),
    ("POST", "/indexes/{index}/get-by-ids", operations.get_by_ids),
    ("POST", "/indexes/{index}/delete-by-ids", operations.delete_by_ids),
]
"""The 10 endpoints of contract.md section a.5. They have hyphens where V2 has underscores."""


def routes(engine: LegacyEngine, settings: ServerSettings) -> list[Route]:
    """Starlette's routes of the V1 API."""
    return routes_of(ACCOUNT, ROUTES, engine, settings)
