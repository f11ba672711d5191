"""The crc of a row: it covers everything that a row says, not its place and not its death."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from isal.isal_zlib import crc32

from vecinity.metric import FloatArray

_HEAD = struct.Struct("<qiii")


def row_crc(
    vector_id: str, namespace: str | None, metadata: bytes | None, born: int, values: FloatArray
) -> int:
    """crc32 over id, namespace, metadata, mutation number and the bytes of the float32 values."""
    return crc32(values.data, said_crc(vector_id, namespace, metadata, born))


def said_crc(vector_id: str, namespace: str | None, metadata: bytes | None, born: int) -> int:
    """The part of `row_crc` before the values, which go on from it."""
    return crc32(_said(born, vector_id.encode(), namespace, metadata))


def row_crcs(
    ids: Sequence[str],
    namespaces: Sequence[str | None],
    metadata: Sequence[bytes | None],
    born: int,
    values: FloatArray,
) -> list[int]:
    """The `row_crc` of each of the rows that one mutation writes.

    Args:
        values: float32, shape (len(ids), dimensions), C-contiguous.
    """
    crcs = []
    data = values.reshape(-1).view(np.uint8).data
    width = 4 * values.shape[1]
    rows = zip(range(0, len(data), width), ids, namespaces, metadata, strict=True)
    for place, vector_id, namespace, encoded in rows:
        said = _said(born, vector_id.encode(), namespace, encoded)
        crcs.append(crc32(data[place : place + width], crc32(said)))
    return crcs


def _said(born: int, vector_id: bytes, namespace: str | None, metadata: bytes | None) -> bytes:
    """What the row says apart from its values, with the lengths in front."""
    name = b"" if namespace is None else namespace.encode()
    head = _HEAD.pack(
        born,
        len(vector_id),
        -1 if namespace is None else len(name),
        -1 if metadata is None else len(metadata),
    )
    return b"".join((head, vector_id, name, metadata or b""))
