"""A Worker on miniflare's API, and its bindings in Node: the server is the remote end.

Both addresses that the server has are used: with the index in the path, and with the index of each
binding in the query.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.clients.workers.check import check
from tests.clients.workers.expected import EXPECTED
from tests.clients.workers.indexes import Indexes
from tests.clients.workers.outcomes import every_method
from tests.clients.workers.release import Release
from tests.support.server import ACCOUNT, TOKEN

_NAMES = list(EXPECTED)
Bindings = dict[str, dict[str, str]]


def _by_path(indexes: Indexes, name: str, names: Iterable[str]) -> Bindings:
    base = f"{indexes.server.url}/binding/{ACCOUNT}"
    bound = indexes.of(name)
    return {
        binding: {"index": bound[binding], "url": f"{base}/{bound[binding]}?token={TOKEN}"}
        for binding in names
    }


def _by_name(indexes: Indexes, name: str) -> Bindings:
    bound = indexes.of(name)
    query = "&".join(f"{binding}={index}" for binding, index in bound.items())
    url = f"{indexes.server.url}/binding/{ACCOUNT}?token={TOKEN}&{query}"
    return {binding: {"index": index, "url": url} for binding, index in bound.items()}


def _run(release: Release, folder: Path, runs: dict[str, dict[str, Any]]) -> Any:
    return release.script("miniflare.mjs", json.dumps(runs), folder=folder)


def test_the_index_in_the_path(release: Release, indexes: Indexes, tmp_path: Path) -> None:
    # miniflare 5 takes one address for all bindings of a Worker
    names = _NAMES if release.version == "4.86.0" else ["INDEX"]
    runs = {
        where: {
            "where": where,
            "bindings": _by_path(indexes, f"path-{where}-{release.slug}", names),
        }
        for where in ("worker", "node")
    }
    for outcomes in _run(release, tmp_path, runs).values():
        check(outcomes, names)


def test_the_index_by_the_bindings_name(release: Release, indexes: Indexes, tmp_path: Path) -> None:
    runs = {
        where: {"where": where, "bindings": _by_name(indexes, f"name-{where}-{release.slug}")}
        for where in ("worker", "node")
    }
    for outcomes in _run(release, tmp_path, runs).values():
        check(outcomes)


def test_what_is_wrong_in_an_address(release: Release, indexes: Indexes, tmp_path: Path) -> None:
    long = "x" * 33
    no_route = f"Could not route to /binding/{long}/a, perhaps your object identifier is invalid?"
    wrong = {
        f"{ACCOUNT}/a": (10000, "Authentication error"),
        f"{ACCOUNT}/a?token=wrong": (10000, "Authentication error"),
        f"{ACCOUNT}?token={TOKEN}&INDEX=a": (
            40031,
            'invalid parameter: no index for binding "MISSING": add MISSING=INDEX',
        ),
        f"{long}/a?token={TOKEN}": (7003, no_route),
    }
    runs = {}
    for address in wrong:
        binding = {"index": "a", "url": f"{indexes.server.url}/binding/{address}"}
        runs[address] = {"where": "worker", "bindings": {"MISSING": binding}}
    found = _run(release, tmp_path, runs)
    assert found == {address: {"MISSING": every_method(*error)} for address, error in wrong.items()}
