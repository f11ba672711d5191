"""What `scenario.mjs` must give, over whatever way the binding is connected."""

from __future__ import annotations

from typing import Any

from tests.clients.workers.indexes import DELETED, MISSING
from tests.clients.workers.outcomes import (
    MUTATION,
    NONE,
    at,
    delete_failed,
    every_method,
    get_failed,
    info,
    insert_failed,
    match,
    matches,
    payload,
    query_failed,
    stored,
    unparsable_query,
    upsert_failed,
)

_WRITES = {
    "describe: nothing stored": info(0),
    "query: nothing stored": NONE,
    "insert: number[], Float32Array, Float64Array": MUTATION,
    "getByIds: what was inserted": [stored(name) for name in ("one", "two", "three", "tenth")],
    "insert: known and new ids": MUTATION,
    "getByIds: the known one is kept": [
        {"id": "new", "values": at(0.10000000149011612)},
        stored("one"),
    ],
    "upsert: number[]": MUTATION,
    "getByIds: replaced": [
        {"id": "new", "values": at(7), "namespace": "odd", "metadata": {"n": 7}}
    ],
    "upsert: Float32Array": MUTATION,
    "getByIds: replaced in full": [{"id": "new", "values": at(7.5)}],
    "upsert: Float64Array": MUTATION,
    "upsert: the last of two wins": MUTATION,
    "getByIds: the last of two": [{"id": "new", "values": at(30)}],
    "upsert: unknown field": MUTATION,
    "getByIds: order, repetition, unknown": [
        {"id": "new", "values": at(40), "metadata": {}},
        stored("one"),
    ],
    "getByIds: nothing": [],
    "deleteByIds: known and unknown": MUTATION,
    "deleteByIds: unknown": MUTATION,
    "deleteByIds: nothing": MUTATION,
    "getByIds: deleted": [],
    "insert: 1,000": MUTATION,
    "upsert: 1,000": MUTATION,
    "describe: 1,004 stored": info(1_004),
    "deleteByIds: 100": MUTATION,
    "getByIds: 20": 10,
    "describe: 904 stored": info(904),
}

_NEAREST = matches(
    match("tenth", 0.4),
    match("one", 0.5),
    match("two", 2),
    match("three", 3.75),
    match("many-100", 1099.5),
)
_INDEXED = {
    "one": {"kind": "red", "n": 1, "ok": True},
    "three": {"kind": "x" * 64, "n": 3},
}

_QUERIES = {
    "query: number[]": _NEAREST,
    "query: Float32Array": _NEAREST,
    "query: Float64Array": _NEAREST,
    "query: an iterable": ["tenth", "one", "two", "three", "many-100"],
    "query: topK": ["tenth", "one"],
    "query: topK 100": 100,
    "query: namespace": ["two"],
    "query: unknown namespace": NONE,
    "query: returnValues": matches(match("tenth", 0.1, values=at(0.10000000149011612))),
    "query: returnValues false": matches(match("tenth", 0.1)),
    "query: returnMetadata true": matches(
        match("tenth", 0.1),
        match("one", 1, **payload("one")),
        match("two", 2.5, **payload("two")),
        match("three", 4.25, **payload("three")),
    ),
    "query: returnMetadata all": matches(match("two", 0.5, **payload("two"))),
    "query: returnMetadata indexed": matches(
        match("tenth", 0.1),
        match("one", 1, metadata=_INDEXED["one"]),
        match("two", 2.5, **payload("two")),
        match("three", 4.25, metadata=_INDEXED["three"]),
    ),
    "query: returnMetadata none": matches(match("one", 0)),
    "query: all options": matches(match("two", 0.5, values=at(2.5), **payload("two"))),
    "query: undefined options": matches(match("one", 0)),
    "query: unknown option": ["tenth"],
    "queryById: itself first": matches(match("two", 0), match("one", 1.5)),
    "queryById: all options": matches(match("one", 1.5, values=at(1), **payload("one"))),
    "queryById: unknown": NONE,
}

_FILTERS = {
    "string": ["one"],
    "number": ["two"],
    "boolean": ["two"],
    "null": ["tenth", "three", "many-100", "many-101", "many-102"],
    "$eq": ["two"],
    "$ne": ["one", "three"],
    "$in": ["one", "two"],
    "$nin": ["three"],
    "$gt": ["three"],
    "$gte": ["two", "three"],
    "$lt": ["one"],
    "$lte": ["one", "two"],
    "a range": ["two"],
    "a prefix": ["two"],
    "the first 64 bytes": ["three"],
    "a nested property": ["two"],
    "two properties": [],
    "no metadata index": [],
}

_WRONG_FILTERS = {
    "empty": "must not be empty",
    "an array": "must be an object",
    "an unknown operator": '"n" has an unknown operator "$near"',
    "a dollar sign": "property name '$or' must not start with $",
    "two lower bounds": (
        '"n" may combine only one of $gt, $gte with one of $lt, $lte, got $gt, $gte'
    ),
    "$in without an array": '"n": $in takes an array',
    "a range of booleans": '"n": a range takes a string or a number',
    "a mixed range": '"n" mixes a string and a number in one range',
    "an object": '"n" takes a string, a number, a boolean or null',
    "too long a key": "a property name must not exceed 512 characters, got 513",
    "2,048 bytes": "its compact JSON must be smaller than 2048 bytes, got 2048",
}

_LONG_ID = "id too long; max is 64 bytes, got 65 bytes"
_LONG_NAMESPACE = "namespace too long; max is 64 bytes, got 65 bytes"
_TOO_MANY_VECTORS = "too many vectors in payload; max vector count is 1000, got 1001"
_NOT_FINITE = "its values must be finite float32 numbers"
_NO_VALUE = "returnMetadata: expected value at line 1 column 19"
_OVER_50 = (
    "with returnValues=true or returnMetadata=all, max top K is 50, but got 51; "
    "for a top K up to 100, retry with returnValues=false and returnMetadata=indexed"
)

_ERRORS = {
    "40006: 3 dimensions": query_failed(
        40006, "invalid query vector, expected 32 dimensions, and got 3 dimensions"
    ),
    "40006: Float32Array": query_failed(
        40006, "invalid query vector, expected 32 dimensions, and got 31 dimensions"
    ),
    "40006: no array": query_failed(
        40006, "invalid query vector, expected 32 dimensions, and got 0 dimensions"
    ),
    "40006: an infinite float32": query_failed(40006, f"invalid query vector, {_NOT_FINITE}"),
    "40007: getByIds": get_failed(40007, "too many ids in payload; max id count is 20, got 21"),
    "40007: deleteByIds": delete_failed(
        40007, "too many ids in payload; max id count is 100, got 101"
    ),
    "40008: insert": insert_failed(40008, _LONG_ID),
    "40008: upsert": upsert_failed(40008, "id too short; min is 1 byte, got 0 bytes"),
    "40008: queryById": query_failed(40008, _LONG_ID),
    "40008: getByIds": get_failed(40008, "id too long; max is 64 bytes, got 66 bytes"),
    "40008: deleteByIds": delete_failed(40008, _LONG_ID),
    "40009: insert": insert_failed(40009, _LONG_NAMESPACE),
    "40009: query": query_failed(40009, _LONG_NAMESPACE),
    "40012: insert": insert_failed(
        40012, 'invalid vector for id="short", expected 32 dimensions, and got 2 dimensions'
    ),
    "40012: upsert": upsert_failed(
        40012, 'invalid vector for id="long", expected 32 dimensions, and got 33 dimensions'
    ),
    "40012: an infinite float32": upsert_failed(40012, f'invalid vector for id="a", {_NOT_FINITE}'),
    "40015: insert": insert_failed(
        40015,
        "invalid metadata for vector id=\"a\": key 'a.b' must not start with $ "
        "nor contain a dot or a double quote",
    ),
    "40016: upsert": upsert_failed(
        40016,
        'oversized metadata for vector id="a"; the compact JSON representation '
        "of the metadata must not exceed 10240 bytes, got 10251 bytes",
    ),
    "40023: insert, empty": insert_failed(
        40023, "failed to parse insert vectors request in ndjson format"
    ),
    "40023: upsert, empty": upsert_failed(
        40023, "failed to parse upsert vectors request in ndjson format"
    ),
    "40023: a hole in the values": insert_failed(
        40023,
        "failed to parse insert vectors request in ndjson format: "
        "line Some(1) was not expected format",
    ),
    "40023: NaN": upsert_failed(
        40023,
        "failed to parse upsert vectors request in ndjson format: "
        "line Some(0) was not expected format",
    ),
    "40024: insert": insert_failed(40024, _TOO_MANY_VECTORS),
    "40024: upsert": upsert_failed(40024, _TOO_MANY_VECTORS),
    "40025: over 100": query_failed(40025, "max top K is 100, but got 101"),
    "40025: over 50 with values": query_failed(40025, _OVER_50),
    "40025: over 50 with metadata": query_failed(40025, _OVER_50),
    "40025: below 1": query_failed(40025, "min top K is 1, but got 0"),
    "40026: returnMetadata false": unparsable_query(_NO_VALUE),
    "40026: returnMetadata false by id": unparsable_query(_NO_VALUE),
    "40026: topK": unparsable_query("topK: expected int | null, got str"),
    "40026: ids": get_failed(
        40026, "Failed to parse the request body as JSON: ids[0]: expected str, got int"
    ),
    "40026: an option named vectorId": unparsable_query(
        "exactly one of vector and vectorId must be given"
    ),
    "10413: over 100 MB": upsert_failed(10413, "request body too large; max is 100000000 bytes"),
    "local: returnMetadata": {
        "error": "Invalid returnMetadata option. Expected: "
        'true, false, "none", "indexed" or "all"; got: some'
    },
    "describe: nothing was written": info(904),
}

EXPECTED: dict[str, dict[str, Any]] = {
    "INDEX": {
        **_WRITES,
        **_QUERIES,
        **{f"filter: {name}": found for name, found in _FILTERS.items()},
        **{
            f"filter: {name}": query_failed(40022, f"invalid filter: {why}")
            for name, why in _WRONG_FILTERS.items()
        },
        **_ERRORS,
    },
    "MISSING": every_method(3000, f'vectorize.index.not_found - Index name "{MISSING}"'),
    "DELETED": every_method(3005, f'vectorize.index.deleted - Index name "{DELETED}" was deleted'),
    "FULL": {"insert": insert_failed(40030, "index full; max namespace count is 50000")},
}
"""Outcomes by binding and step."""
