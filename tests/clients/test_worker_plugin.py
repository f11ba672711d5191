"""What the plugin says when it can't do its work."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.clients.workers import project
from tests.clients.workers.release import Release

_BOUND = {"MISSING": "any"}
_OPERATIONS = {
    "describe": "INDEX_GET",
    "query": "VECTOR_QUERY",
    "queryById": "VECTOR_QUERY",
    "insert": "VECTOR_INSERT",
    "upsert": "VECTOR_UPSERT",
    "getByIds": "VECTOR_GET",
    "deleteByIds": "VECTOR_DELETE",
}

_UNKNOWN = 'unknown option "urls"; there are url, account, token'

WRONG: list[tuple[Mapping[str, Any], str]] = [
    ({"token": 1}, 'option "token" must be a text'),
    ({"account": ""}, 'option "account" must be a text'),
    ({"url": "ftp://a"}, 'option "url" must be an http or https address, got "ftp://a"'),
]


def test_a_server_that_is_down(release: Release, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # nothing listens there, nor will while it is held
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        project.write(tmp_path, _BOUND, {"url": url})
        with release.dev(tmp_path) as wrangler:
            answer = wrangler.answer()
    why = f"no Vecinity server at {url} (start it with: vecinity serve): "
    outcomes = answer["MISSING"]
    assert list(outcomes) == list(_OPERATIONS)
    for method, outcome in outcomes.items():
        assert outcome["cause"].startswith(why), outcome
        assert outcome["error"] == f"{_OPERATIONS[method]}_ERROR: {outcome['cause']}"


def test_wrangler_dev_ends_with_what_is_wrong(release: Release, tmp_path: Path) -> None:
    project.write(tmp_path, _BOUND, {"urls": "http://127.0.0.1:8328"})
    with pytest.raises(RuntimeError, match=re.escape(f"vecinity: {_UNKNOWN}")):
        release.dev(tmp_path)


@pytest.mark.parametrize(("options", "why"), WRONG, ids=[why for _, why in WRONG])
def test_wrong_options(
    release: Release, tmp_path: Path, options: Mapping[str, Any], why: str
) -> None:
    project.write(tmp_path, _BOUND, options)
    with pytest.raises(AssertionError, match=re.escape(f"TypeError: vecinity: {why}")):
        release.script("platform_proxy.mjs", folder=tmp_path)
