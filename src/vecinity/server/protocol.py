"""Placeholder until the guard is written; overwrite this file."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class GuardedProtocol(HttpToolsProtocol):
    """To be replaced."""
