"""From columns to a batch: the same as from records, the same errors, and those of columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.unit.test_batch import REFUSED
from vecinity.arrays import batch_of_arrays
from vecinity.batch import Batch, BatchBuilder, VectorRecord
from vecinity.errors import (
    InvalidId,
    InvalidMetadata,
    InvalidRequest,
    InvalidVector,
    NamespaceTooLong,
    OversizedMetadata,
    TooManyVectors,
    UnparsableVectors,
    VectorizeError,
)
from vecinity.limits import CLOUDFLARE, Limits

_ROWS = np.arange(6, dtype=np.float32).reshape(2, 3)


def _batch(
    ids: Any = ("a", "b"),
    values: Any = _ROWS,
    namespaces: Any = None,
    metadata: Any = None,
    limits: Limits = CLOUDFLARE,
) -> Batch:
    return batch_of_arrays("insert", 3, limits, ids, values, namespaces, metadata)


def test_columns_are_the_batch_that_records_are() -> None:
    ids = ["a", "é", "a"]
    values = np.random.default_rng(1).standard_normal((3, 3))
    namespaces = ["n", None, ""]
    metadata: list[dict[str, Any] | None] = [{"k": [1, {"l": "é"}]}, None, {}]
    builder = BatchBuilder(3, CLOUDFLARE)
    columns = zip(ids, values.tolist(), namespaces, metadata, strict=True)
    builder.add([VectorRecord(*record) for record in columns])
    expected = builder.build()
    batch = _batch(ids, values, namespaces, metadata)
    assert batch.values.tobytes() == expected.values.tobytes()
    assert batch.ids == expected.ids
    assert (batch.namespaces, batch.metadata) == (expected.namespaces, expected.metadata)


@pytest.mark.parametrize(
    "values",
    [
        _ROWS,
        _ROWS.tolist(),
        _ROWS.astype(np.float16),
        _ROWS.astype(">f8"),
        _ROWS.astype(np.uint8),
        np.asfortranarray(_ROWS),
        np.repeat(_ROWS, 2, axis=0)[::2],
    ],
)
def test_what_values_can_be(values: Any) -> None:
    stored = _batch(values=values).values
    assert stored.tobytes() == _ROWS.tobytes()
    assert stored.dtype == np.float32
    assert (stored.shape, stored.flags.c_contiguous) == ((2, 3), True)


def test_what_the_caller_does_to_the_array_later_changes_nothing() -> None:
    values = _ROWS.copy()
    batch = _batch(values=values)
    values[:] = np.nan
    assert batch.values.tobytes() == _ROWS.tobytes()


def test_one_namespace_for_all_and_columns_as_arrays() -> None:
    assert _batch(namespaces="n").namespaces == ["n", "n"]
    batch = _batch(np.array(["a", "b"]), namespaces=np.array(["m", "n"]))
    assert (batch.ids, batch.namespaces) == (["a", "b"], ["m", "n"])
    assert {type(text) for text in batch.ids + batch.namespaces} == {str}


@pytest.mark.parametrize(("record", "error", "text"), REFUSED, ids=lambda value: str(value)[:30])
def test_what_a_record_is_refused_for(
    record: VectorRecord, error: type[VectorizeError], text: str
) -> None:
    with pytest.raises(error) as refused:
        _batch([record.id], np.array([record.values]), [record.namespace])
    assert refused.value.message == text


@pytest.mark.parametrize(
    ("columns", "error", "text"),
    [
        ({"ids": ["x", "é" * 33]}, InvalidId, "max is 64 bytes, got 66 bytes"),
        ({"ids": ["x", "a\ud800"]}, InvalidRequest, "lone surrogate"),
        ({"values": _ROWS.astype(float) * [[1], [1e38]]}, InvalidVector, 'id="b"'),
        ({"namespaces": [None, "é" * 33]}, NamespaceTooLong, "got 66 bytes"),
        ({"metadata": [{"a": 1}, {"a": {"$b": 1}}]}, InvalidMetadata, 'id="b"'),
        ({"metadata": [{"a": ({"$b": 1},)}, None]}, InvalidMetadata, 'id="a"'),
        ({"metadata": [{"a": 1}, {"a": "x" * 10_240}]}, OversizedMetadata, 'id="b"'),
    ],
)
def test_what_a_later_vector_is_refused_for(
    columns: dict[str, Any], error: type[VectorizeError], text: str
) -> None:
    with pytest.raises(error, match=text):
        _batch(**columns)


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"ids": []}, "there are no vectors"),
        ({"ids": ["a"]}, "there are 1 ids, but 2 rows of values"),
        ({"ids": ["a", 1]}, "id must be a str, got int"),
        ({"values": _ROWS[0]}, "values must be rows of numbers, got float32 of shape (3,)"),
        ({"values": _ROWS > 1}, "values must be rows of numbers, got bool of shape (2, 3)"),
        ({"values": [[1, 2, 3], [1, 2]]}, "values must be rows of numbers, all of one length"),
        ({"namespaces": ["n"]}, "there are 2 ids, but 1 namespaces"),
        ({"namespaces": ["n", 1]}, "namespace must be a str, got int"),
        ({"metadata": [None] * 3}, "there are 2 ids, but 3 metadata"),
        ({"metadata": [None, [("a", 1)]]}, "metadata must be a dict, got list"),
    ],
)
def test_columns_that_are_none(columns: dict[str, Any], why: str) -> None:
    with pytest.raises(UnparsableVectors) as refused:
        _batch(**columns)
    assert refused.value.detail == why


def test_one_string_is_no_column() -> None:
    with pytest.raises(TypeError, match="not one string"):
        _batch("ab")


def test_a_batch_at_its_limit_and_beyond() -> None:
    assert len(_batch(limits=replace(CLOUDFLARE, batch_vectors=2))) == 2
    with pytest.raises(TooManyVectors, match="max vector count is 1, got 2"):
        _batch(limits=replace(CLOUDFLARE, batch_vectors=1))
