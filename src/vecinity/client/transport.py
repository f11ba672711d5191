"""Requests to the REST API, and its envelopes turned into results and errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2
import msgspec
import orjson

from vecinity.errors import UnexpectedAnswer, by_code

_API_PATH = "/client/v4"
_UPSTREAM = "vectorize.upstream_error - "
_ERRORS = by_code()


class Transport:
    """A pool of connections to one server."""

    def __init__(self, url: str, token: str, timeout: float) -> None:
        base = url.rstrip("/")
        self._health = f"{base.removesuffix(_API_PATH)}/healthz"
        self._client = httpx2.Client(
            base_url=base if base.endswith(_API_PATH) else base + _API_PATH,
            headers={"authorization": f"Bearer {token}"},
            timeout=timeout,
        )

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Any:
        return self._send("GET", path, params=parameters or {})

    def post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> Any:
        content = orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)
        headers = {"content-type": "application/json", **(headers or {})}
        return self._send("POST", path, content=content, headers=headers)

    def upload(self, path: str, ndjson: bytes) -> Any:
        headers = {"content-type": "application/x-ndjson"}
        return self._send("POST", path, content=ndjson, headers=headers)

    def delete(self, path: str) -> Any:
        return self._send("DELETE", path)

    def health(self) -> Any:
        """What the server says of itself. Raises UnexpectedAnswer."""
        response = self._request("GET", self._health)
        try:
            return msgspec.json.decode(response.content)
        except msgspec.DecodeError as error:
            raise UnexpectedAnswer(f"{self._health} answered no JSON") from error

    def close(self) -> None:
        self._client.close()

    def _send(self, method: str, path: str, **options: Any) -> Any:
        """The envelope's result.

        Raises:
            VectorizeError: the class of the code that the server answered.
            UnexpectedAnswer: no server there, or it speaks another language.
        """
        response = self._request(method, path, **options)
        try:
            envelope = msgspec.json.decode(response.content)
            if envelope["success"]:
                return envelope["result"]
            first = envelope["errors"][0]
            code, text = first["code"], first["message"]
            details = [chained["message"] for chained in first.get("error_chain", ())]
        except (msgspec.DecodeError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise UnexpectedAnswer(
                f"{method} {response.url} answered {response.status_code}, which is no envelope"
            ) from error
        if code not in _ERRORS:
            raise UnexpectedAnswer(f"{text} [code: {code}]")
        found = _ERRORS[code].of(text.removeprefix(_UPSTREAM))
        raise found.with_detail("; ".join(details)) if details else found

    def _request(self, method: str, path: str, **options: Any) -> httpx2.Response:
        try:
            return self._client.request(method, path, **options)
        except httpx2.TransportError as error:
            url = f"{str(self._client.base_url).rstrip('/')}{path}"
            raise UnexpectedAnswer(f"{method} {url}: {error}") from error
