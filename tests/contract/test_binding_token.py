"""Tokens of bindings: a header, or where no header gets through, the address's query."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.api import create, padded, watched
from tests.contract.bound import OPERATIONS, Bound, answer, failed
from tests.support.server import ACCOUNT, TOKEN, Server

_SECRET = "a-Secret-token-of-some-length"
_WRONG = "another-Secret-token"
_DENIED = (401, 10000, "Authentication error")
_EVERY = [(path, method) for path in OPERATIONS for method in ("GET", "POST", "PUT", "PURGE")]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A strict server with a token, and in it an index `kept`."""
    data = tmp_path_factory.mktemp("guarded") / "data"
    with Server(data, "--token", _SECRET, "--strict") as running:
        with watched(running, token=_SECRET) as client:
            create(client, "kept")
        yield running


@pytest.fixture(params=[False, True], ids=["headers", "miniflare"])
def way(request: pytest.FixtureRequest, guarded: Server) -> Iterator[Bound]:
    """A binding with the right token, in both ways."""
    with watched(guarded, token=None) as http:
        yield Bound(http, guarded.url, "kept", request.param, token=_SECRET)


@pytest.mark.parametrize("token", ["", _WRONG, _SECRET[:-1], f"{_SECRET}x", _SECRET.lower()])
def test_a_wrong_token(way: Bound, token: str) -> None:
    wrong = Bound(way.http, way.base, way.index, way.wrapped, token=token)
    for path in OPERATIONS:
        failed(wrong.ask(path), *_DENIED)
    answer(way.ask("/info"))


def test_each_way_has_its_own_place_for_the_token(way: Bound) -> None:
    """A token in an address may end up in logs of others, so that it opens nothing else."""
    bearer = {"authorization": f"Bearer {_SECRET}"}
    info = {"mf-url": "http://vector-search/info"}
    unmarked = f"{way.base}/binding/{ACCOUNT}/kept"
    failed(way.http.get(unmarked, headers={**info, **bearer}), *_DENIED)
    named = {name: value for name, value in way.named().items() if name != "authorization"}
    failed(way.http.get(f"{way.base}/info?token={_SECRET}", headers=named), *_DENIED)
    rest = f"{way.base}/client/v4/accounts/{ACCOUNT}/vectorize/v2/indexes?token={_SECRET}"
    assert way.http.get(rest).status_code == 401


def test_with_a_token_any_host_may_be_named(way: Bound) -> None:
    answer(way.ask("/info", headers={"host": "vectors.example"}))


def test_without_a_token_on_loopback_any_other_will_do(server: Server) -> None:
    with watched(server, token=None) as http:
        for wrapped in (False, True):
            text = 'vectorize.index.not_found - Index name "never"'
            for token in (TOKEN, "x"):
                binding = Bound(http, server.url, "never", wrapped, token=token)
                failed(binding.ask("/info"), 404, 3000, text)
            nobody = Bound(http, server.url, "never", wrapped, token="")
            failed(nobody.ask("/info"), *_DENIED)


def test_strict_refuses_unknown_fields_here_too(way: Bound) -> None:
    text = 'Failed to parse the request body as JSON: unknown field "colour"'
    failed(way.post("/query", {"vector": padded(1), "colour": 1}), 400, 40026, text)
    text = (
        "failed to parse insert vectors request in ndjson format: "
        'line Some(0) has an unknown field "colour"'
    )
    line = {"id": "a", "values": padded(1), "colour": 1}
    failed(way.write("/insert", line), 400, 40023, text)


def test_tokens_are_never_logged_nor_answered(way: Bound, guarded: Server) -> None:
    wrong = Bound(way.http, way.base, way.index, way.wrapped, token=_WRONG)
    asked = [binding.ask(path, method) for binding in (way, wrong) for path, method in _EVERY]
    for response in asked:
        for secret in (_SECRET, _WRONG):
            assert secret not in response.text
            assert secret not in str(response.headers)
    for secret in (_SECRET, _WRONG):
        assert secret not in guarded.log()
