"""The Workers binding's surface: both ways to reach it, over plain HTTP.

What real Workers make of it is in tests/clients.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx2
import pytest

from tests.contract.api import Index, create, padded, unreadable, vector
from tests.contract.bound import JSON, NDJSON, OPERATIONS, WEBSOCKET, Bound, answer, bound, failed
from tests.support.server import Server

_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.fixture(params=[False, True], ids=["headers", "miniflare"])
def way(request: pytest.FixtureRequest, server: Server, index: Index) -> Iterator[Bound]:
    """A binding to a fresh index, reached in both ways."""
    with bound(server, index.name, wrapped=request.param) as binding:
        yield binding


def _is_mutation(response: httpx2.Response) -> bool:
    body = answer(response)
    return list(body) == ["mutationId"] and bool(re.fullmatch(_UUID, body["mutationId"]))


def test_answers_are_the_bare_results(way: Bound) -> None:
    info = answer(way.ask("/info"))
    assert list(info) == [
        "dimensions",
        "metric",
        "vectorCount",
        "processedUpToDatetime",
        "processedUpToMutation",
    ]
    stored = vector("a", 1, namespace="n", metadata={"k": 1})
    assert _is_mutation(way.write("/insert", stored))
    assert _is_mutation(way.write("/upsert", vector("b", 0, 1)))
    found = answer(way.post("/query", {"vector": padded(1), "topK": 1}))
    assert found == {"count": 1, "matches": [{"id": "a", "score": 1, "namespace": "n"}]}
    assert answer(way.post("/getByIds", {"ids": ["nobody", "a"]})) == [stored]
    assert _is_mutation(way.post("/deleteByIds", {"ids": ["a"]}))
    assert way.count() == 1


def test_vectors_may_come_as_a_json_object(way: Bound) -> None:
    """A binding that is set up without `useNdJson` sends this."""
    body = {"vectors": [vector("a"), vector("b")]}
    assert _is_mutation(way.ask("/insert", json=body))
    assert way.count() == 2


def test_errors_have_no_prefix_of_rest(way: Bound) -> None:
    short = {"id": "a", "values": [1]}
    text = 'invalid vector for id="a", expected 32 dimensions, and got 1 dimensions'
    for path in ("/insert", "/upsert"):
        failed(way.write(path, short), 400, 40012, text)
        parse = f"failed to parse {path[1:]} vectors request in ndjson format"
        failed(way.ask(path, content=b"", content_type=NDJSON), 400, 40023, parse)
    failed(way.ask("/query", content=b"{"), 400, 40026, unreadable(".+"))
    failed(way.ask("/getByIds", content=b"[]"), 400, 40026, unreadable(".+"))


def test_the_inner_content_type_counts(way: Bound) -> None:
    text = "Expected request with `Content-Type: application/json`"
    for path in ("/query", "/getByIds", "/deleteByIds"):
        failed(way.ask(path, content=b"{}", content_type="text/plain"), 400, 40026, text)
    text = "vectorize.unknown_content_type"
    failed(way.ask("/insert", content=b"", content_type="text/plain"), 400, 1005, text)


def test_batches_of_1000(way: Bound, index: Index, open_http: httpx2.Client) -> None:
    """Of 5,000 over REST, and of any size in the open profile."""
    many = [vector(f"v{n}", n + 1) for n in range(1_001)]
    text = "too many vectors in payload; max vector count is 1000, got 1001"
    for path in ("/insert", "/upsert"):
        failed(way.write(path, *many), 400, 40024, text)
        failed(way.ask(path, json={"vectors": many}), 400, 40024, text)
    assert way.count() == 0
    answer(way.write("/insert", *many[:1_000]))
    assert way.count() == 1_000
    index.upsert(*many)
    assert way.count() == 1_001
    on_open = create(open_http, f"{index.name}-{way.wrapped}")
    base = str(open_http.base_url).partition("/client/")[0]
    opened = Bound(way.http, base, on_open.name, way.wrapped)
    answer(opened.write("/insert", *many))


def test_other_limits_are_those_of_rest(way: Bound) -> None:
    text = "too many ids in payload; max id count is {}, got {}"
    ids = [f"v{n}" for n in range(101)]
    failed(way.post("/getByIds", {"ids": ids[:21]}), 400, 40007, text.format(20, 21))
    failed(way.post("/deleteByIds", {"ids": ids}), 400, 40007, text.format(100, 101))
    text = "max top K is 100, but got 101"
    failed(way.post("/query", {"vector": padded(1), "topK": 101}), 400, 40025, text)


def test_an_index_that_is_not_there(way: Bound, index: Index) -> None:
    gone = {
        "never": (404, 3000, 'vectorize.index.not_found - Index name "never"'),
        index.name: (410, 3005, f'vectorize.index.deleted - Index name "{index.name}" was deleted'),
    }
    index.http.delete(f"/indexes/{index.name}")
    for name, error in gone.items():
        other = Bound(way.http, way.base, name, way.wrapped)
        for path, method in OPERATIONS.items():
            failed(other.ask(path, method, content=b"{}"), *error)


def test_a_wrong_method(way: Bound) -> None:
    for path, right in OPERATIONS.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"} - {right}:
            response = way.ask(path, method)
            failed(response, 405, 10405, "Method not allowed")
            if not way.wrapped:
                assert set(response.headers["allow"].split(", ")) - {"HEAD"} == {right}


def test_a_long_account(way: Bound) -> None:
    other = Bound(way.http, way.base, way.index, way.wrapped, account="x" * 33)
    code = 7003 if way.wrapped else 40031
    assert other.ask("/info").json()["code"] == code
    answer(Bound(way.http, way.base, way.index, way.wrapped).ask("/info"))


def test_accounts_are_apart(way: Bound) -> None:
    other = Bound(way.http, way.base, way.index, way.wrapped, account="another")
    text = f'vectorize.index.not_found - Index name "{way.index}"'
    failed(other.ask("/info"), 404, 3000, text)


def test_a_websocket_is_refused_and_nothing_is_done(way: Bound) -> None:
    """miniflare 4 asks for one beside each request; whatever else it says is no operation."""
    text = "no WebSocket here: send plain HTTP requests"
    failed(way.ask("/info", headers=WEBSOCKET), 426, 10426, text)
    line = b'{"id":"a","values":[1%s]}' % (b",0" * 31)
    for upgrade in ("websocket", "WebSocket"):
        headers = {**WEBSOCKET, "upgrade": upgrade}
        refused = way.ask("/insert", content=line, content_type=NDJSON, headers=headers)
        failed(refused, 426, 10426, text)
    assert way.count() == 0


def test_a_foreign_web_page_is_refused(way: Bound) -> None:
    why = "Unauthorized to access requested resource: "
    origin = {"origin": "http://evil.example"}
    failed(
        way.ask("/info", headers=origin),
        *(403, 9109, why + "origin http://evil.example is not allowed"),
    )
    cross = {"sec-fetch-site": "cross-site"}
    failed(way.ask("/info", headers=cross), 403, 9109, why + "cross-site requests are not allowed")


@pytest.mark.parametrize(
    "host", ["evil.example", "vector-search.evil.example", "evil.vector-search", "10.0.0.1"]
)
def test_a_foreign_host_is_refused(way: Bound, host: str) -> None:
    why = f"Unauthorized to access requested resource: host {host} is not this machine's loopback"
    failed(way.ask("/info", headers={"host": host}), 403, 9109, why)


@pytest.mark.parametrize("host", ["vector-search", "Vector-Search:80", "localhost", "127.0.0.1"])
def test_hosts_that_a_binding_names(way: Bound, host: str) -> None:
    answer(way.ask("/info", headers={"host": host}))


def test_a_body_that_is_too_large(way: Bound) -> None:
    response = way.ask("/upsert", content=bytes(100_000_001), content_type=JSON)
    failed(response, 413, 10413, "request body too large; max is 100000000 bytes")


@pytest.mark.parametrize("what", ["account", "index"])
def test_headers_that_name_no_index(server: Server, index: Index, what: str) -> None:
    missing = f"x-vectorize-{what}"
    text = f"invalid parameter: header {missing} must name the {what}"
    with bound(server, index.name, wrapped=False) as binding:
        named = binding.named()
        without = {name: value for name, value in named.items() if name != missing}
        for headers in (without, {**named, missing: ""}):
            for path, method in OPERATIONS.items():
                response = binding.http.request(method, server.url + path, headers=headers)
                failed(response, 400, 40031, text)


@pytest.mark.parametrize("path", ["/info/", "/list", "/get_by_ids", "/Query", "/insert/a"])
def test_unknown_root_routes(server: Server, index: Index, path: str) -> None:
    """They are nobody's, so the answer has the form of REST."""
    with bound(server, index.name, wrapped=False) as binding:
        response = binding.ask(path, "POST")
    assert response.status_code == 404
    text = f"Could not route to {path}, perhaps your object identifier is invalid?"
    assert response.json()["errors"] == [{"code": 7003, "message": text}]
