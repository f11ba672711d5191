"""`unparsable-behavior`: whether lines that can't be read spoil the whole request."""

from __future__ import annotations

import json

import pytest

from tests.contract.api import UPSTREAM, Index, ndjson, padded, refused, result, vector

_MIXED = b"\n".join([ndjson(vector("a")), b"nonsense", ndjson(vector("c"))])
_ITEMS = [vector("a"), {"id": 5}, vector("c")]
_DISCARD = {"unparsable-behavior": "discard"}


@pytest.mark.parametrize("operation", ["insert", "upsert"])
@pytest.mark.parametrize("parameters", [{}, {"unparsable-behavior": "error"}])
def test_one_bad_line_refuses_all(index: Index, operation: str, parameters: dict[str, str]) -> None:
    text = f"{UPSTREAM}failed to parse {operation} vectors request in ndjson format: "
    response = index.send(operation, _MIXED, params=parameters)
    refused(response, 400, 40023, f"{text}line Some(1) was not expected format")
    assert index.state() == (0, None, [])


@pytest.mark.parametrize("operation", ["insert", "upsert"])
@pytest.mark.parametrize(
    "body",
    [
        _MIXED,
        _MIXED.replace(b"\n", b"\r\n\r\n"),
        json.dumps(_ITEMS),
        json.dumps({"vectors": _ITEMS}),
        json.dumps(_MIXED.decode()),
    ],
    ids=["ndjson", "blank lines", "array", "object", "string"],
)
def test_discard_leaves_out_what_cannot_be_parsed(
    index: Index, operation: str, body: bytes | str
) -> None:
    result(index.send(operation, body, params=_DISCARD))
    assert index.ids() == ["a", "c"]


@pytest.mark.parametrize(
    "line",
    [
        "null",
        "[]",
        '{"id":"x"}',
        '{"id":"x","values":[NaN]}',
        '{"id":"x","values":null}',
        '{"id":"x","vector":[1]}',
        '{"id":"\\ud800","values":[]}',
        '{"id":"x","values":[1e400]}',
    ],
)
def test_lines_that_discard_takes_as_unparsable(index: Index, line: str) -> None:
    result(index.send("upsert", ndjson(vector("a")) + b"\n" + line.encode(), params=_DISCARD))
    assert index.ids() == ["a"]


@pytest.mark.parametrize(
    ("bad", "code", "text"),
    [
        (
            {"id": "x", "values": [1.0]},
            40012,
            'invalid vector for id="x", expected 32 dimensions, and got 1 dimensions',
        ),
        (vector("x" * 65), 40008, "id too long; max is 64 bytes, got 65 bytes"),
        (
            vector("x", metadata={"": 1}),
            40015,
            'invalid metadata for vector id="x": keys must not be empty',
        ),
    ],
)
def test_discard_still_refuses_vectors_that_break_a_rule(
    index: Index, bad: dict[str, object], code: int, text: str
) -> None:
    response = index.send("upsert", ndjson(vector("a"), bad), params=_DISCARD)
    refused(response, 400, code, UPSTREAM + text)
    assert index.state() == (0, None, [])


@pytest.mark.parametrize(("body", "form"), [("nonsense\n{}", "ndjson"), ("[5]", "json")])
def test_when_all_is_discarded_the_batch_is_empty(index: Index, body: str, form: str) -> None:
    text = f"failed to parse upsert vectors request in {form} format"
    refused(index.send("upsert", body, params=_DISCARD), 400, 40023, UPSTREAM + text)
    assert index.state() == (0, None, [])


@pytest.mark.parametrize("operation", ["insert", "upsert"])
@pytest.mark.parametrize("behavior", ["maybe", "", "Discard"])
def test_other_behaviors_are_refused(index: Index, operation: str, behavior: str) -> None:
    body = ndjson(vector("a", metadata={"values": padded(1.0)}))
    response = index.send(operation, body, params={"unparsable-behavior": behavior})
    text = f'invalid parameter: unparsable-behavior must be error or discard, got "{behavior}"'
    refused(response, 400, 40031, UPSTREAM + text)
    assert index.state() == (0, None, [])
