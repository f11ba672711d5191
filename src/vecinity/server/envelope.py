"""The REST envelope around every answer: `{result, success, errors, messages}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from starlette.responses import Response

from vecinity.errors import TooManyRequests, VectorizeError

NOTE_CODE = 10100
"""The code of an envelope's message that comes with a success (ours)."""

_UPSTREAM = "vectorize.upstream_error - "
_FIRST_DATA_CODE = 40000


def success(result: Any, notes: Sequence[str] = ()) -> Response:
    """200 with `result`; `notes` become the envelope's messages."""
    messages = [{"code": NOTE_CODE, "message": note} for note in notes]
    return _response(200, {"result": result, "success": True, "errors": [], "messages": messages})


def failure(error: VectorizeError, *, write: bool = False) -> Response:
    """The error's status, code and text; those of an insert or upsert carry the REST prefix.

    A detail is chained to the error, where every wrangler prints it: with messages beside an error,
    wrangler 3.71.0 prints nothing at all.
    """
    prefix = _UPSTREAM if write and error.code >= _FIRST_DATA_CODE else ""
    shown: dict[str, Any] = {"code": error.code, "message": prefix + error.message}
    if error.detail:
        shown["error_chain"] = [{"code": error.code, "message": error.detail}]
    body = {"result": None, "success": False, "errors": [shown], "messages": []}
    response = _response(error.status, body)
    if isinstance(error, TooManyRequests):
        response.headers["retry-after"] = "1"
    return response


def _response(status: int, body: dict[str, Any]) -> Response:
    content = orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(content, status, media_type="application/json")
