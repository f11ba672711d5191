"""What the contract tests say over and over: requests, and what must hold of every answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.support.server import Server

DIMENSIONS = 32
NDJSON = {"content-type": "application/x-ndjson"}
JSON = {"content-type": "application/json"}
UPSTREAM = "vectorize.upstream_error - "
"""What REST puts before the 40xxx texts of insert and upsert, and before no others."""

ROUTES = [
    ("GET", "/indexes"),
    ("POST", "/indexes"),
    ("GET", "/indexes/{}"),
    ("DELETE", "/indexes/{}"),
    ("POST", "/indexes/{}/insert"),
    ("POST", "/indexes/{}/upsert"),
    ("POST", "/indexes/{}/query"),
    ("POST", "/indexes/{}/get_by_ids"),
    ("POST", "/indexes/{}/delete_by_ids"),
    ("GET", "/indexes/{}/info"),
    ("GET", "/indexes/{}/list"),
    ("POST", "/indexes/{}/metadata_index/create"),
    ("GET", "/indexes/{}/metadata_index/list"),
    ("POST", "/indexes/{}/metadata_index/delete"),
]
"""The 14 routes of the V2 API, with a place for the index's name."""

Expected = str | re.Pattern[str]


def padded(*values: float) -> list[float]:
    """`values` with zeros behind them, up to the fewest dimensions there are."""
    return [*values, *[0.0] * (DIMENSIONS - len(values))]


def vector(vector_id: str, *values: float, **members: Any) -> dict[str, Any]:
    """A vector as a request carries it."""
    return {"id": vector_id, "values": padded(*(values or (1.0,))), **members}


def ndjson(*vectors: Mapping[str, Any]) -> bytes:
    """One JSON object a line, without a newline at the end, as wrangler writes it."""
    return "\n".join(json.dumps(each) for each in vectors).encode()


def result(response: httpx2.Response) -> Any:
    """The result in a success whose envelope is whole."""
    assert response.status_code == 200, response.text
    body = response.json()
    assert body.keys() >= {"result", "success", "errors", "messages"}
    assert body["success"] is True
    assert body["errors"] == []
    return body["result"]


def messages(response: httpx2.Response) -> list[str]:
    """The texts of an envelope's messages, each of which has a code of the 10000 range."""
    found = response.json()["messages"]
    assert all(10_000 <= message["code"] < 11_000 for message in found)
    return [message["message"] for message in found]


def refused(response: httpx2.Response, status: int, code: int, text: Expected) -> None:
    """Check that `response` is this one failure, in a whole envelope."""
    body = response.json()
    assert (response.status_code, body["result"], body["success"]) == (status, None, False)
    [error] = body["errors"]
    assert error.keys() - {"error_chain"} == {"code", "message"}
    assert error["code"] == code, error
    if isinstance(text, str):
        assert error["message"] == text
    else:
        assert text.fullmatch(error["message"]), error["message"]
    assert body["messages"] == []
    assert all(chained.keys() == {"code", "message"} for chained in error.get("error_chain", []))


def details(response: httpx2.Response) -> list[str]:
    """What is chained to a failure's one error."""
    [error] = response.json()["errors"]
    return [chained["message"] for chained in error.get("error_chain", [])]


def unreadable(why: str) -> re.Pattern[str]:
    """The text of a JSON body that can't be read; `why` is a pattern, of the parser's own words."""
    return re.compile(re.escape("Failed to parse the request body as JSON: ") + why)


@dataclass(frozen=True)
class Index:
    """One index over REST."""

    http: httpx2.Client
    name: str

    def get(self, operation: str, **options: Any) -> httpx2.Response:
        return self.http.get(f"/indexes/{self.name}/{operation}", **options)

    def post(self, operation: str, body: Any = None, **options: Any) -> httpx2.Response:
        """POST `body` as JSON, or what `options` say."""
        if body is not None:
            options["json"] = body
        return self.http.post(f"/indexes/{self.name}/{operation}", **options)

    def send(self, operation: str, body: bytes | str, **options: Any) -> httpx2.Response:
        """POST raw NDJSON."""
        return self.post(operation, content=body, headers=NDJSON, **options)

    def write(self, operation: str, *vectors: Mapping[str, Any]) -> str:
        """Insert or upsert; returns the mutation id."""
        mutation: str = result(self.send(operation, ndjson(*vectors)))["mutationId"]
        return mutation

    def upsert(self, *vectors: Mapping[str, Any]) -> str:
        return self.write("upsert", *vectors)

    def delete(self, *ids: str) -> str:
        mutation: str = result(self.post("delete_by_ids", {"ids": ids}))["mutationId"]
        return mutation

    def matches(self, **query: Any) -> list[dict[str, Any]]:
        """The matches of a query; without a vector, of a plain one."""
        if "vectorId" not in query:
            query.setdefault("vector", padded(1.0))
        found = result(self.post("query", query))
        assert found.keys() == {"count", "matches"}
        assert found["count"] == len(found["matches"])
        listed: list[dict[str, Any]] = found["matches"]
        return listed

    def found(self, filter: object, **query: Any) -> set[str]:
        """The ids that a filter lets through."""
        return {match["id"] for match in self.matches(filter=filter, topK=100, **query)}

    def vectors(self, *ids: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = result(self.post("get_by_ids", {"ids": ids}))
        return listed

    def info(self) -> dict[str, Any]:
        found: dict[str, Any] = result(self.get("info"))
        return found

    def page(self, **parameters: Any) -> dict[str, Any]:
        found: dict[str, Any] = result(self.get("list", params=parameters))
        return found

    def ids(self) -> list[str]:
        return [each["id"] for each in self.page(count=1000)["vectors"]]

    def state(self) -> tuple[object, ...]:
        """All that a refused request must leave as it was."""
        info = self.info()
        return info["vectorCount"], info["processedUpToMutation"], self.ids()

    def make_filterable(self, **types: str) -> None:
        """Create metadata indexes."""
        for name, kind in types.items():
            body = {"propertyName": name, "indexType": kind}
            result(self.post("metadata_index/create", body))


def create(http: httpx2.Client, name: str, metric: str = "cosine") -> Index:
    """A fresh index of 32 dimensions."""
    config = {"dimensions": DIMENSIONS, "metric": metric}
    result(http.post("/indexes", json={"name": name, "config": config}))
    return Index(http, name)


@contextmanager
def watched(server: Server, **options: Any) -> Iterator[httpx2.Client]:
    """A client that fails on any 5xx; at its end the server must not have logged a traceback."""
    with server.client(event_hooks={"response": [_no_server_error]}, **options) as client:
        yield client
    log = server.log()
    assert "Traceback" not in log, log


def _no_server_error(response: httpx2.Response) -> None:
    response.read()
    assert response.status_code < 500, f"{response.request.url}: {response.text}"
