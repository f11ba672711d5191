"""Lines that are no vector: the exact code, status and text, and the index as it was."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.contract.api import UPSTREAM, Index, create, refused, vector
from tests.contract.raw import VALUES, extended, identified, nested, valued


@pytest.fixture(scope="module")
def kept(http: httpx2.Client) -> Iterator[Index]:
    """An index whose one vector all refused writes must leave alone."""
    index = create(http, "unreadable-vectors")
    index.upsert(vector("kept", metadata={"k": 1}))
    yield index
    assert index.vectors("kept") == [vector("kept", metadata={"k": 1})]


UNREADABLE = [
    "nonsense",
    "{}",
    "null",
    "1",
    "{",
    '{"id":"a","values":[1,',
    extended('"metadata":{}')[:-1],
    valued("1.0") + valued("1.0"),
    valued("1.0") + ",",
    valued("NaN"),
    valued("nan"),
    valued("Infinity"),
    valued("-Infinity"),
    valued("1e400"),
    valued("-1e400"),
    valued("null"),
    valued('"1"'),
    valued("true"),
    valued("[1]"),
    valued("01"),
    valued("+1"),
    valued(".5"),
    valued("1,,1"),
    '{"id":"a"}',
    '{"id":"a","values":null}',
    '{"id":"a","values":"1"}',
    '{"id":"a","values":{"0":1}}',
    valued("1.0").replace("values", "vector"),
    '{"values":' + VALUES + "}",
    identified("null"),
    identified("1"),
    identified('["a"]'),
    identified('"\\ud800"'),
    identified('"\\udc00\\ud800"'),
    identified('"a\tb"'),
    extended('"namespace":1'),
    extended('"namespace":["n"]'),
    extended('"namespace":"\\ud800"'),
    extended('"metadata":"text"'),
    extended('"metadata":1'),
    extended('"metadata":[1]'),
    extended('"metadata":{"k":NaN}'),
    extended('"metadata":{"k":1e400}'),
    extended('"metadata":{"k":"\\udfff"}'),
    extended('"metadata":{"\\ud800":1}'),
    extended('"metadata":{k:1}'),
    nested(2_000),
    extended('"zzz":' + "[" * 2_000 + "]" * 2_000),
]


@pytest.mark.parametrize("line", UNREADABLE, ids=range(len(UNREADABLE)))
@pytest.mark.parametrize("operation", ["insert", "upsert"])
def test_lines_that_are_no_vector(kept: Index, operation: str, line: str) -> None:
    before = kept.state()
    text = f"{UPSTREAM}failed to parse {operation} vectors request in ndjson format: "
    text += "line Some(0) was not expected format"
    refused(kept.send(operation, line), 400, 40023, text)
    assert kept.state() == before


@pytest.mark.parametrize(
    "line",
    [
        extended('"metadata":{"k":"\xff"}'),
        "\xff",
        '{"id":"\xed\xa0\x80"}',
    ],
)
def test_lines_that_are_not_utf8(kept: Index, line: str) -> None:
    before = kept.state()
    text = f"{UPSTREAM}failed to parse upsert vectors request in ndjson format: "
    text += "line Some(0) was not expected format"
    refused(kept.send("upsert", line.encode("latin-1")), 400, 40023, text)
    assert kept.state() == before
