"""The crc of a row: it covers everything that a row says, not its place and not its death."""

from __future__ import annotations

import struct
import zlib

_HEAD = struct.Struct("<qiii")


def row_crc(
    vector_id: str,
    namespace: str | None,
    metadata: bytes | None,
    born: int,
    values: memoryview | bytes,
) -> int:
    """crc32 over id, namespace, metadata, mutation number and the bytes of the float32 values."""
    id_bytes = vector_id.encode()
    namespace_bytes = b"" if namespace is None else namespace.encode()
    metadata_bytes = b"" if metadata is None else metadata
    head = _HEAD.pack(
        born,
        len(id_bytes),
        -1 if namespace is None else len(namespace_bytes),
        -1 if metadata is None else len(metadata_bytes),
    )
    said = b"".join((head, id_bytes, namespace_bytes, metadata_bytes))
    return zlib.crc32(values, zlib.crc32(said))
