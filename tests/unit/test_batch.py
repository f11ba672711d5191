"""From records to a batch: every check of a vector, at its limit and beyond."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from vecinity.batch import BatchBuilder, VectorRecord, no_vectors, utf8_length
from vecinity.errors import (
    InvalidId,
    InvalidMetadata,
    InvalidRequest,
    InvalidVector,
    NamespaceTooLong,
    OversizedMetadata,
    TooManyVectors,
    VectorizeError,
)
from vecinity.limits import CLOUDFLARE, OPEN, Limits

_DIMENSIONS = 3


def _record(vector_id: str = "a", values: Any = (1, 2, 3), **rest: Any) -> VectorRecord:
    return VectorRecord(vector_id, list(values), **rest)


def _builder(limits: Limits = CLOUDFLARE) -> BatchBuilder:
    return BatchBuilder(_DIMENSIONS, limits)


def _stored_metadata(metadata: dict[str, Any] | None, limits: Limits = CLOUDFLARE) -> bytes | None:
    builder = _builder(limits)
    builder.add([_record(metadata=metadata)])
    [stored] = builder.build().metadata
    return stored


def test_slices_become_one_batch_in_order() -> None:
    builder = _builder()
    builder.add([_record("a"), _record("b", (4, 5, 6), namespace="n")])
    builder.add([])
    builder.add([_record("a", (7, 8, 9), metadata={"k": [1, "é"]})])
    assert len(builder) == 3
    batch = builder.build()
    assert len(batch) == 3
    assert batch.ids == ["a", "b", "a"]
    assert batch.namespaces == [None, "n", None]
    assert batch.metadata == [None, None, '{"k":[1,"é"]}'.encode()]
    assert batch.values.tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert batch.values.dtype == np.float32
    assert batch.values.flags.c_contiguous


def test_one_slice_is_a_batch_too() -> None:
    builder = _builder()
    builder.add([_record()])
    values = builder.build().values
    assert values.dtype == np.float32
    assert values.shape == (1, _DIMENSIONS)


def test_no_vectors_make_an_empty_batch() -> None:
    batch = _builder().build()
    assert (len(batch), batch.values.shape) == (0, (0, _DIMENSIONS))


def test_the_error_for_no_vectors() -> None:
    error = no_vectors("upsert", "ndjson")
    assert error.message == "failed to parse upsert vectors request in ndjson format"
    assert error.detail == "there are no vectors"


def test_a_batch_at_its_limit_and_beyond() -> None:
    builder = _builder(replace(CLOUDFLARE, batch_vectors=2))
    builder.add([_record("a"), _record("b")])
    assert len(builder.build()) == 2
    builder.add([_record("c")])
    with pytest.raises(TooManyVectors, match="max vector count is 2, got 3"):
        builder.build()


@pytest.mark.parametrize(
    "record",
    [
        _record("é" * 32),
        _record(namespace=""),
        _record(namespace="é" * 32),
        _record(values=(0, -0.0, 1e-45)),
        _record(values=(1e19, 0, -1e18)),
        _record(metadata={}),
        _record(metadata={"k|v": None, "a$": True, "é": {"n": [{"m": 1.5}]}, "l": []}),
    ],
)
def test_accepted(record: VectorRecord) -> None:
    builder = _builder()
    builder.add([record])
    batch = builder.build()
    assert (batch.ids, batch.namespaces) == ([record.id], [record.namespace])
    assert batch.values.tolist() == np.array([record.values], np.float32).tolist()


REFUSED: list[tuple[VectorRecord, type[VectorizeError], str]] = [
    (_record(""), InvalidId, "id too short; min is 1 byte, got 0 bytes"),
    (_record("x" * 74), InvalidId, "id too long; max is 64 bytes, got 74 bytes"),
    (_record("é" * 33), InvalidId, "id too long; max is 64 bytes, got 66 bytes"),
    (
        _record(values=()),
        InvalidVector,
        'invalid vector for id="a", expected 3 dimensions, and got 0 dimensions',
    ),
    (
        _record(values=(1, 2, 3, 4)),
        InvalidVector,
        'invalid vector for id="a", expected 3 dimensions, and got 4 dimensions',
    ),
    (
        _record(values=(1, float("nan"), 3)),
        InvalidVector,
        'invalid vector for id="a", its values must be finite float32 numbers',
    ),
    (
        _record(values=(1, 1e39, 3)),
        InvalidVector,
        'invalid vector for id="a", its values must be finite float32 numbers',
    ),
    (
        _record(values=(2e19, 0, 0)),
        InvalidVector,
        'invalid vector for id="a", the norm of its values overflows float32',
    ),
    (
        _record(namespace="x" * 65),
        NamespaceTooLong,
        "namespace too long; max is 64 bytes, got 65 bytes",
    ),
]


@pytest.mark.parametrize(("record", "error", "text"), REFUSED, ids=lambda value: str(value)[:30])
def test_refused(record: VectorRecord, error: type[VectorizeError], text: str) -> None:
    with pytest.raises(error) as refused:
        _builder().add([record])
    assert refused.value.message == text


def test_the_first_bad_vector_is_named() -> None:
    with pytest.raises(InvalidVector, match='id="b"'):
        _builder().add([_record("a"), _record("b", (1e38,) * 3), _record("c", (1e39,) * 3)])


def test_metadata_is_stored_compact() -> None:
    assert _stored_metadata({"a": 1, "b": {"c": ["x", None]}}) == b'{"a":1,"b":{"c":["x",null]}}'
    assert _stored_metadata({}) == b"{}"
    assert _stored_metadata(None) is None


def test_the_largest_metadata() -> None:
    largest = {"k": "é" * 5_116}
    stored = _stored_metadata(largest)
    assert stored is not None
    assert len(stored) == 10_240
    assert json.loads(stored) == largest


def test_metadata_that_is_one_byte_too_large() -> None:
    with pytest.raises(OversizedMetadata) as refused:
        _stored_metadata({"k": "é" * 5_116 + "x"})
    assert refused.value.message == (
        'oversized metadata for vector id="a"; the compact JSON representation of the metadata '
        "must not exceed 10240 bytes, got 10241 bytes"
    )
    assert _stored_metadata({"k": "x" * 20_000}, OPEN)


def _key_text(key: str) -> str:
    return f"key {key!r} must not start with $ nor contain a dot or a double quote"


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ({"": 1}, "keys must not be empty"),
        ({"$a": 1}, _key_text("$a")),
        ({"a.b": 1}, _key_text("a.b")),
        ({'a"b': 1}, _key_text('a"b')),
        ({1: 1}, "keys must be strings"),
        ({"a": {"b": {"$c": 1}}}, _key_text("$c")),
        ({"a": [1, [{"": 1}]]}, "keys must not be empty"),
        ({"a": [{"b.c": []}]}, _key_text("b.c")),
        ({"a": ({"$b": 1},)}, _key_text("$b")),
        ({"a": {1: 1}}, "keys must be strings"),
    ],
)
def test_refused_keys(metadata: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidMetadata) as refused:
        _stored_metadata(metadata)
    assert refused.value.message == f'invalid metadata for vector id="a": {why}'


@pytest.mark.parametrize("value", [object(), "\ud800", 1 + 2j])
def test_metadata_that_is_no_json(value: object) -> None:
    with pytest.raises(InvalidMetadata, match='invalid metadata for vector id="a": it must be'):
        _stored_metadata({"k": value})


def test_good_keys_are_no_excuse_for_bad_ones() -> None:
    builder = _builder()
    builder.add([_record("a", metadata={"k": "{[", "l": 1})])
    builder.add([_record("b", metadata={"l": None})])
    with pytest.raises(InvalidMetadata, match="id=\"c\": key '\\$k'"):
        builder.add([_record("c", metadata={"k": 1, "$k": 1})])


def _nested(levels: int, *, lists: bool) -> dict[str, Any]:
    inner: Any = [] if lists else {}
    for _ in range(levels - 2):
        inner = [inner] if lists else {"k": inner}
    return {"k": inner}


@pytest.mark.parametrize("lists", [False, True])
def test_nesting_at_its_limit_and_beyond(lists: bool) -> None:
    stored = _stored_metadata(_nested(128, lists=lists))
    assert stored == msgspec.json.encode(_nested(128, lists=lists))
    for levels in (129, 100_000):
        with pytest.raises(InvalidMetadata, match="it is nested deeper than 128 levels"):
            _stored_metadata(_nested(levels, lists=lists))


@pytest.mark.parametrize(("text", "size"), [("", 0), ("abc", 3), ("é", 2), ("😀", 4)])
def test_utf8_length(text: str, size: int) -> None:
    assert utf8_length(text) == size


def test_a_lone_surrogate_is_no_text() -> None:
    with pytest.raises(InvalidRequest, match="lone surrogate"):
        utf8_length("a\ud800")
