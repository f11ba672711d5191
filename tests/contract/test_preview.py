"""`serve --wrangler-remote`: the preview calls, and the data plane that their tokens open."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.contract.api import create, details, padded, refused, result, unreadable, vector
from tests.contract.bound import WEBSOCKET, answer, failed
from tests.support.server import ACCOUNT, Server

_TOKEN = "a-Secret-token-of-some-length"
_HOST = "search.vecinity.local.workers.dev"
_FLAGS = ["--wrangler-remote", "--wrangler-remote-address", "127.0.0.1:0", "--token", _TOKEN]
_BINDING = {"name": "INDEX", "type": "vectorize", "index_name": "docs", "raw": True}
_ONLY = "this server plays remote Vectorize bindings only: "
_INVALID = (400, 10049, "Invalid Workers Preview configuration")


class Remote:
    """A server with remote bindings, as wrangler sees it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        found = re.search(r"served on 127\.0\.0\.1:(\d+)", server.log())
        assert found
        self.port = int(found[1])
        trusted = ssl.create_default_context(cafile=server.data / "wrangler-remote" / "ca.pem")
        self.tls = httpx2.Client(base_url=f"https://127.0.0.1:{self.port}", verify=trusted)
        base = f"{server.api}/accounts/{ACCOUNT}/workers"
        headers = {"authorization": f"Bearer {_TOKEN}"}
        self.api = httpx2.Client(base_url=base, headers=headers)

    def upload(self, *bindings: dict[str, Any]) -> httpx2.Response:
        metadata = json.dumps({"main_module": "proxy.js", "bindings": bindings})
        files = {"metadata": (None, metadata), "proxy.js": ("proxy.js", "export default {}")}
        return self.api.post("/scripts/search/edge-preview", files=files)

    def token(self, *bindings: dict[str, Any]) -> str:
        made: str = result(self.upload(*bindings))["preview_token"]
        return made

    def ask(
        self, token: str, path: str = "/info", name: str = "INDEX", body: object = None
    ) -> httpx2.Response:
        headers = {
            "host": _HOST,
            "cf-workers-preview-token": token,
            "mf-binding": name,
            "mf-url": f"http://vector-search{path}",
            "mf-header-content-type": "application/json",
        }
        sni = {"sni_hostname": _HOST}
        if body is None:
            return self.tls.get("/", headers=headers, extensions=sni)
        return self.tls.post("/", headers=headers, extensions=sni, content=json.dumps(body))

    def close(self) -> None:
        self.tls.close()
        self.api.close()


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    """With an index `docs` that has one vector."""
    with Server(tmp_path_factory.mktemp("remote") / "data", *_FLAGS) as server:
        with server.client(_TOKEN) as http:
            create(http, "docs").upsert(vector("a"))
        remote = Remote(server)
        yield remote
        remote.close()


def test_the_calls_before_an_upload(remote: Remote) -> None:
    assert set(result(remote.api.get("/subdomain/edge-preview"))) == {"token"}
    assert set(result(remote.api.get("/scripts/search/subdomain/edge-preview"))) == {"token"}
    assert result(remote.api.get("/subdomain")) == {"subdomain": "vecinity.local"}


def test_a_token_opens_the_indexes_of_its_bindings(remote: Remote) -> None:
    other = {**_BINDING, "name": "OTHER", "index_name": "never-made"}
    token = remote.token(_BINDING, other)
    assert answer(remote.ask(token))["vectorCount"] == 1
    found = answer(remote.ask(token, "/query", body={"vector": padded(1.0)}))
    assert [match["id"] for match in found["matches"]] == ["a"]
    text = 'vectorize.index.not_found - Index name "never-made"'
    failed(remote.ask(token, name="OTHER"), 404, 3000, text)
    text = f'{_ONLY}"THIRD" is none of those that were uploaded'
    failed(remote.ask(token, name="THIRD"), 400, 10422, text)


def test_other_bindings_fail_only_when_they_are_used(remote: Remote) -> None:
    """wrangler makes some remote unasked, as Workers AI."""
    token = remote.token({"name": "AI\n", "type": "ai", "raw": True}, _BINDING)
    assert "binding AI\\n of type ai can't be remote here" in remote.server.log()
    assert answer(remote.ask(token))["vectorCount"] == 1
    text = f'{_ONLY}"AI" is none of those that were uploaded'
    failed(remote.ask(token, name="AI"), 400, 10422, text)


def test_no_other_token_opens_anything(remote: Remote) -> None:
    token = remote.token(_BINDING)
    signature = token[:10] + ("B" if token[10] == "A" else "A") + token[11:]
    forged = [token[:-2] + "AA", signature, "", "x", token + "=", _TOKEN]
    for wrong in forged:
        failed(remote.ask(wrong), *_INVALID)
    without = {"mf-binding": "INDEX", "mf-url": "http://vector-search/info"}
    bearer = {"authorization": f"Bearer {_TOKEN}"}
    sni = {"sni_hostname": _HOST}
    failed(remote.tls.get("/", headers={**without, **bearer}, extensions=sni), *_INVALID)


def test_a_token_of_another_server(remote: Remote, tmp_path: Path) -> None:
    with Server(tmp_path / "data", *_FLAGS) as server:
        other = Remote(server)
        failed(remote.ask(other.token(_BINDING)), *_INVALID)
        other.close()


def test_another_token_of_the_server_voids_previews(tmp_path: Path) -> None:
    with Server(tmp_path / "data", *_FLAGS) as server:
        before = Remote(server)
        token = before.token(_BINDING)
        before.close()
    with Server(tmp_path / "data", *_FLAGS[:-1], "another") as server:
        after = Remote(server)
        failed(after.ask(token), *_INVALID)
        after.close()


def test_tokens_and_certificates_outlive_a_restart(tmp_path: Path) -> None:
    tokens, files = [], []
    for _ in range(2):
        with Server(tmp_path / "data", *_FLAGS) as server:
            remote = Remote(server)
            tokens.append(remote.token(_BINDING))
            text = 'vectorize.index.not_found - Index name "docs"'
            failed(remote.ask(tokens[0]), 404, 3000, text)
            folder = tmp_path / "data" / "wrangler-remote"
            files.append({path.name: path.read_bytes() for path in folder.iterdir()})
            remote.close()
    assert tokens[0] == tokens[1]
    assert files[0] == files[1]


def test_the_listener_serves_nothing_else(remote: Remote) -> None:
    sni = {"sni_hostname": _HOST}
    path = f"/client/v4/accounts/{ACCOUNT}/vectorize/v2/indexes"
    for headers in ({}, {"authorization": f"Bearer {_TOKEN}"}):
        probe = remote.tls.get(path, headers=headers, extensions=sni)
        assert probe.status_code == 200
        assert probe.text == "Vecinity answers for this Worker's remote Vectorize bindings.\n"
    token = {"cf-workers-preview-token": remote.token(_BINDING), "mf-binding": "INDEX"}
    text = "no WebSocket here: send plain HTTP requests"
    upgrade = remote.tls.get("/", headers={**token, **WEBSOCKET}, extensions=sni)
    failed(upgrade, 426, 10426, text)


def test_uploads_of_something_else(remote: Remote) -> None:
    whole = {**_BINDING, "raw": False}
    text = f"{_ONLY}use `remote: true` with `wrangler dev`, without --remote"
    refused(remote.upload(whole), 400, 10422, text)
    nothing = remote.api.post("/scripts/search/edge-preview", files={"other": (None, "x")})
    refused(nothing, 400, 40026, unreadable('there is no part named "metadata"'))
    no_json = remote.api.post("/scripts/search/edge-preview", files={"metadata": (None, "{")})
    refused(no_json, 400, 40026, unreadable("metadata: .*"))
    no_form = remote.api.post("/scripts/search/edge-preview", json={})
    refused(no_form, 400, 40026, unreadable("metadata: the content type names no boundary"))
    assert details(no_form) == []


def test_previews_need_the_server_s_token(remote: Remote) -> None:
    for path in ("/subdomain", "/subdomain/edge-preview", "/scripts/search/edge-preview"):
        response = httpx2.get(f"{remote.api.base_url}{path.lstrip('/')}")
        refused(response, 401, 10000, "Authentication error")


def test_there_are_none_unless_asked_for(http: httpx2.Client, server: Server) -> None:
    path = f"{server.api}/accounts/{ACCOUNT}/workers/subdomain"
    assert http.get(path).status_code == 404
    assert not (server.data / "wrangler-remote").exists()


def test_tokens_are_never_logged(remote: Remote) -> None:
    token = remote.token(_BINDING)
    remote.ask(token)
    remote.ask(token[:-1] + "A")
    for secret in (token, _TOKEN):
        assert secret not in remote.server.log()
