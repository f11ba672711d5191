"""Which of the two forms a failure takes, where no operation has been found yet."""

from __future__ import annotations

from starlette.responses import Response

from vecinity.errors import VectorizeError
from vecinity.server import binding, envelope


def failure(path: str, error: VectorizeError) -> Response:
    """In the form of the surface that `path` belongs to: a binding's, else REST's."""
    if binding.is_binding(path):
        return binding.failure(error)
    return envelope.failure(error)
