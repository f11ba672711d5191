"""The ASGI application: routes, the gate before them, errors as envelopes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vecinity import __version__
from vecinity.engine import LegacyEngine
from vecinity.errors import InternalError, MethodNotAllowed, RouteNotFound
from vecinity.server import binding, legacy, legacy_binding, preview, rest, surface
from vecinity.server.auth import Gate
from vecinity.server.preview import PreviewTokens
from vecinity.server.settings import ServerSettings


def create_app(
    engine: LegacyEngine, settings: ServerSettings, previews: PreviewTokens | None = None
) -> Starlette:
    """The application over `engine`, which its caller opens and closes.

    Args:
        previews: signs the tokens of wrangler's previews; without it there are none.
    """
    middleware = [Middleware(Gate, settings=settings)]
    if settings.allowed_origins:
        # Outside the gate: a browser's preflight carries no token.
        cors = Middleware(
            CORSMiddleware,
            allow_origins=list(settings.allowed_origins),
            allow_methods=["*"],
            allow_headers=["*"],
        )
        middleware.insert(0, cors)
    app = Starlette(
        routes=[
            Route("/healthz", _healthz(engine), methods=["GET"]),
            *rest.routes(engine, settings),
            *legacy.routes(engine, settings),
            *legacy_binding.routes(engine, settings),
            *binding.routes(engine, settings),
            *(preview.routes(settings, previews) if previews else ()),
        ],
        middleware=middleware,
        exception_handlers={404: _not_found, 405: _wrong_method, Exception: _failed},
    )
    app.router.redirect_slashes = False
    return app


def _healthz(engine: LegacyEngine) -> Callable[[Request], Awaitable[Response]]:
    async def healthz(request: Request) -> Response:
        indexing = engine.indexing()
        return JSONResponse(
            {
                "status": "ok",
                "version": __version__,
                "indexing": {"vectors": indexing.vectors, "indexes": indexing.indexes},
            }
        )

    return healthz


async def _not_found(request: Request, error: Exception) -> Response:
    return surface.failure(request.url.path, RouteNotFound(request.url.path))


async def _wrong_method(request: Request, error: Exception) -> Response:
    response = surface.failure(request.url.path, MethodNotAllowed())
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response


async def _failed(request: Request, error: Exception) -> Response:
    """A bug of ours; the server logs the traceback."""
    response = surface.failure(request.url.path, InternalError())
    # uvicorn ends a connection whose application raised
    response.headers["connection"] = "close"
    return response
