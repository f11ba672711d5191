"""Vectors that break a rule: the exact code, status and text, and the index as it was."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.contract.api import UPSTREAM, Index, create, ndjson, refused, vector
from tests.contract.raw import EURO, extended, nested, valued


@pytest.fixture(scope="module")
def kept(http: httpx2.Client) -> Iterator[Index]:
    """An index whose one vector all refused writes must leave alone."""
    index = create(http, "bad-vectors")
    index.upsert(vector("kept", metadata={"k": 1}))
    yield index
    assert index.vectors("kept") == [vector("kept", metadata={"k": 1})]


_KEY = "must not start with $ nor contain a dot or a double quote"

RULES: list[tuple[str | bytes, int, str]] = [
    (valued("1e39"), 40012, 'invalid vector for id="a", its values must be finite float32 numbers'),
    (
        valued("-1e39"),
        40012,
        'invalid vector for id="a", its values must be finite float32 numbers',
    ),
    (
        valued("1e308"),
        40012,
        'invalid vector for id="a", its values must be finite float32 numbers',
    ),
    (valued("2e19"), 40012, 'invalid vector for id="a", the norm of its values overflows float32'),
    (
        ndjson({"id": "a", "values": [1e19] * 32}),
        40012,
        'invalid vector for id="a", the norm of its values overflows float32',
    ),
    *[
        (
            ndjson({"id": "a", "values": [0.5] * count}),
            40012,
            f'invalid vector for id="a", expected 32 dimensions, and got {count} dimensions',
        )
        for count in (0, 1, 31, 33, 2_000)
    ],
    (ndjson(vector("")), 40008, "id too short; min is 1 byte, got 0 bytes"),
    (ndjson(vector("x" * 65)), 40008, "id too long; max is 64 bytes, got 65 bytes"),
    (ndjson(vector(EURO * 22)), 40008, "id too long; max is 64 bytes, got 66 bytes"),
    (ndjson(vector("😀" * 17)), 40008, "id too long; max is 64 bytes, got 68 bytes"),
    (
        ndjson(vector("a", namespace="n" * 65)),
        40009,
        "namespace too long; max is 64 bytes, got 65 bytes",
    ),
    (
        ndjson(vector("a", namespace=EURO * 22)),
        40009,
        "namespace too long; max is 64 bytes, got 66 bytes",
    ),
    *[
        (
            ndjson(vector("a", metadata={"k": text})),
            40016,
            'oversized metadata for vector id="a"; the compact JSON representation of the '
            f"metadata must not exceed 10240 bytes, got {size} bytes",
        )
        for text, size in [
            ("x" * 10_233, 10_241),
            (EURO * 3_411, 10_241),
            ('"' * 5_117, 10_242),
            ("x" * 1_000_000, 1_000_008),
        ]
    ],
    *[
        (
            ndjson(vector("a", metadata=metadata)),
            40015,
            f'invalid metadata for vector id="a": {why}',
        )
        for metadata, why in [
            ({"": 1}, "keys must not be empty"),
            ({"a.b": 1}, f"key 'a.b' {_KEY}"),
            ({'a"b': 1}, f"key 'a\"b' {_KEY}"),
            ({"$a": 1}, f"key '$a' {_KEY}"),
            ({"k": {"": 1}}, "keys must not be empty"),
            ({"k": {"l": {"a.b": 1}}}, f"key 'a.b' {_KEY}"),
            ({"k": [1, [{"$a": 1}]]}, f"key '$a' {_KEY}"),
        ]
    ],
    (nested(129), 40015, 'invalid metadata for vector id="a": it is nested deeper than 128 levels'),
    (nested(200), 40015, 'invalid metadata for vector id="a": it is nested deeper than 128 levels'),
]


@pytest.mark.parametrize(("body", "code", "text"), RULES, ids=range(len(RULES)))
@pytest.mark.parametrize("operation", ["insert", "upsert"])
def test_vectors_that_break_a_rule(
    kept: Index, operation: str, body: str | bytes, code: int, text: str
) -> None:
    before = kept.state()
    refused(kept.send(operation, body), 400, code, UPSTREAM + text)
    # the same behind a good one
    body = body.encode() if isinstance(body, str) else body
    response = kept.send(operation, ndjson(vector("good")) + b"\n" + body)
    refused(response, 400, code, UPSTREAM + text)
    assert kept.state() == before


@pytest.mark.parametrize(
    "body",
    [
        ndjson(vector("x" * 64)),
        ndjson(vector(EURO * 21 + "x")),
        ndjson(vector("a", namespace="n" * 64)),
        ndjson(vector("a", namespace=EURO * 21 + "n")),
        ndjson(vector("a", metadata={"k": "x" * 10_232})),
        ndjson(vector("a", metadata={"k": EURO * 3_410 + "xx"})),
        extended('"metadata":  { "k" :\t"%s" } ' % ("\\u0078" * 10_232)),
        nested(128),
        valued("3e-46"),
        valued("1.8e19"),
        valued("-0.0"),
        valued("1E+1"),
        ndjson({"id": "a", "values": [3] * 32}),
        ndjson(vector("a", metadata={"k|l": 1, "k$": 1, " ": 1, "é": None, "n": 2**64})),
    ],
    ids=range(14),
)
def test_vectors_at_the_limits_are_taken(index: Index, body: str | bytes) -> None:
    index.state()
    assert index.send("upsert", body).status_code == 200
    assert index.info()["vectorCount"] == 1
    assert len(index.matches(returnValues=True, returnMetadata="all")) == 1
