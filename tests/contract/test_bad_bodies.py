"""Write bodies that are refused as a whole, and the limits of a batch and a body."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx2
import pytest

from tests.contract.api import (
    NDJSON,
    UPSTREAM,
    Index,
    create,
    details,
    ndjson,
    padded,
    refused,
    vector,
)

_BATCH = [vector(f"v{n}", 1.0 + n) for n in range(5_001)]
_MEGABYTE = b" " * 1_000_000
_TOO_LARGE = (413, 10413, "request body too large; max is 100000000 bytes")
_GZIP = {**NDJSON, "content-encoding": "gzip"}


@pytest.fixture(scope="module")
def kept(http: httpx2.Client) -> Index:
    """An index that all refused writes must leave alone."""
    index = create(http, "bad-bodies")
    index.upsert(vector("kept"))
    return index


@pytest.mark.parametrize(
    ("body", "form"),
    [
        ("", "ndjson"),
        (" ", "ndjson"),
        ("\n\r\n\n", "ndjson"),
        ("\ufeff", "ndjson"),
        ('""', "ndjson"),
        ("[]", "json"),
        ('{"vectors":[]}', "json"),
    ],
)
@pytest.mark.parametrize("operation", ["insert", "upsert"])
def test_an_empty_batch_is_refused(kept: Index, operation: str, body: str, form: str) -> None:
    before = kept.state()
    text = f"{UPSTREAM}failed to parse {operation} vectors request in {form} format"
    response = kept.send(operation, body)
    refused(response, 400, 40023, text)
    assert details(response) == ["there are no vectors"]
    assert kept.state() == before


@pytest.mark.parametrize(
    "body",
    [
        "[",
        "[1]",
        "[null]",
        "[[]]",
        json.dumps([vector("a")])[:-1],
        json.dumps([vector("a")]) + "x",
        json.dumps([vector("a"), {"id": "b"}]),
        json.dumps({"vectors": [vector("a"), 5]}),
        '{"vectors":5}',
        '{"vectors":null}',
        '{"vectors":{}}',
        '{"vectors":[],"x":',
        '"abc',
        '"\\ud800"',
        "[" * 200_000,
    ],
    ids=range(15),
)
def test_json_that_holds_no_vectors(kept: Index, body: str) -> None:
    before = kept.state()
    text = f"{UPSTREAM}failed to parse upsert vectors request in json format"
    refused(kept.send("upsert", body), 400, 40023, text)
    assert kept.state() == before


def _form(*lines: str, named: str | None = "b") -> dict[str, Any]:
    """A form whose boundary is b, and whose content type names another one or none."""
    content_type = "multipart/form-data" + (f"; boundary={named}" if named is not None else "")
    return {"content": "\r\n".join(lines).encode(), "headers": {"content-type": content_type}}


_GOOD = ndjson(vector("a")).decode()
_FIELD = 'content-disposition: form-data; name="vectors"; filename="v"'
FORMS: dict[str, dict[str, Any]] = {
    "no boundary": _form("--b", _FIELD, "", _GOOD, "--b--", named=None),
    "an empty boundary": _form("--b", _FIELD, "", _GOOD, "--b--", named=""),
    "another boundary": _form("--b", _FIELD, "", _GOOD, "--b--", named="c"),
    "no end": _form("--b", _FIELD, "", _GOOD),
    "no last boundary": _form("--b", _FIELD, "", _GOOD, "--b", ""),
    "no parts": _form("--b--", ""),
    "nothing": _form(""),
    "a header without a colon": _form("--b", "content-disposition", "", _GOOD, "--b--"),
    "a part without a name": _form("--b", "content-type: x/y", "", _GOOD, "--b--"),
    "no file and no vectors": _form(
        "--b", 'content-disposition: form-data; name="x"', "", _GOOD, "--b--"
    ),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_malformed_multipart(kept: Index, form: dict[str, Any]) -> None:
    before = kept.state()
    text = f"{UPSTREAM}failed to parse upsert vectors request in multipart format"
    refused(kept.post("upsert", **form), 400, 40023, text)
    assert kept.state() == before


def _array(*vectors: Mapping[str, Any]) -> bytes:
    return json.dumps(vectors).encode()


def _string(*vectors: Mapping[str, Any]) -> bytes:
    return json.dumps(ndjson(*vectors).decode()).encode()


@pytest.mark.parametrize("form", [ndjson, _array, _string])
@pytest.mark.parametrize("operation", ["insert", "upsert"])
def test_a_batch_of_5000_is_taken_and_5001_are_not(
    index: Index, operation: str, form: Callable[..., bytes]
) -> None:
    text = "too many vectors in payload; max vector count is 5000, got 5001"
    response = index.send(operation, form(*_BATCH))
    refused(response, 400, 40024, UPSTREAM + text)
    assert index.state() == (0, None, [])
    assert index.send(operation, form(*_BATCH[:5_000])).status_code == 200
    assert index.info()["vectorCount"] == 5_000


@pytest.mark.parametrize("bad", [0, 2_500, 4_999])
def test_one_bad_among_5000_refuses_all(kept: Index, bad: int) -> None:
    before = kept.state()
    vectors = list(_BATCH[:5_000])
    vectors[bad] = {"id": "bad", "values": padded(1.0)[:-1]}
    text = 'invalid vector for id="bad", expected 32 dimensions, and got 31 dimensions'
    refused(kept.send("upsert", ndjson(*vectors)), 400, 40012, UPSTREAM + text)
    vectors[bad] = {"id": "bad"}
    text = "failed to parse upsert vectors request in ndjson format: "
    text += f"line Some({bad}) was not expected format"
    refused(kept.send("upsert", ndjson(*vectors)), 400, 40023, UPSTREAM + text)
    assert kept.state() == before


class _TooMuch:
    """101 MB whose length is not told before."""

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(101):
            yield _MEGABYTE


@pytest.mark.parametrize("operation", ["insert", "query"])
@pytest.mark.parametrize("declared", [True, False])
def test_a_body_of_101_mb_is_refused(kept: Index, operation: str, declared: bool) -> None:
    before = kept.state()
    content = _MEGABYTE * 101 if declared else _TooMuch()
    refused(kept.post(operation, content=content, headers=NDJSON), *_TOO_LARGE)
    assert kept.state() == before


def test_a_gzip_bomb_is_refused(kept: Index) -> None:
    before = kept.state()
    pack = zlib.compressobj(1, wbits=31)
    packed = b"".join(pack.compress(_MEGABYTE) for _ in range(101)) + pack.flush()
    assert len(packed) < 1_000_000
    refused(kept.post("upsert", content=packed, headers=_GZIP), *_TOO_LARGE)
    assert kept.state() == before


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (gzip.compress(_GOOD.encode())[:-5], "the body ends too early"),
        (gzip.compress(_GOOD.encode())[:30], "the body ends too early"),
        (b"", "the body ends too early"),
    ],
    ids=["trailer", "data", "nothing"],
)
def test_truncated_gzip(kept: Index, body: bytes, why: str) -> None:
    before = kept.state()
    response = kept.post("upsert", content=body, headers=_GZIP)
    refused(response, 400, 40026, f"{UPSTREAM}content-encoding gzip: {why}")
    assert kept.state() == before


@pytest.mark.parametrize(
    "body",
    [_GOOD.encode(), gzip.compress(_GOOD.encode())[:-8] + b"\0" * 8, gzip.compress(b"")[:12] * 9],
    ids=["plain", "wrong checksum", "garbage"],
)
def test_what_is_no_gzip(kept: Index, body: bytes) -> None:
    before = kept.state()
    response = kept.post("upsert", content=body, headers=_GZIP)
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert error["code"] == 40026
    assert error["message"].startswith(f"{UPSTREAM}content-encoding gzip: ")
    assert kept.state() == before
