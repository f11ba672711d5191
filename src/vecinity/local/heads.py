"""The heads of a segment's rows: all that a match tells but values and metadata. A derived file.

    9 bytes     "vechead1", where the digit is the format, and the machine's byte order, "l" or "b"
    8 bytes     the length of `About` in bytes, and its crc32, both little-endian
    `About`     as MessagePack
    offsets     uint64 of each row of the range, and of the end: where its record starts
    records     of each row: `_HEAD`, id, namespace, and a crc32 of the record and its row number

A record says its own crc, so that the file is mapped and only those that are asked for are read and
verified.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
import numpy as np
from isal.isal_zlib import crc32

from vecinity.local.checksum import said_crc
from vecinity.local.files import map_file, new_file
from vecinity.local.store import StoredMutation, StoredRow
from vecinity.metric import FloatArray

_MAGIC = f"vechead1{sys.byteorder[0]}".encode()
_ABOUT = struct.Struct("<II")
_HEAD = struct.Struct("<IIIi")
"""Crc of what the row says, crc of the row, length of the id, of the namespace or -1 for none."""
_CRC = struct.Struct("<I")
_LEAST = _HEAD.size + _CRC.size
_WHOLE = 0x2144_DF1C
"""The crc32 of anything that ends in its own crc32."""


class DamagedHeads(Exception):
    """The file is not what was written, or not of this index."""


class About(msgspec.Struct, array_like=True, frozen=True):
    """The rows from `first` to before `end`, of which `count` have a head, and when that was so.

    `mutation` is one that the index was at then, `rows` how many rows it had.
    """

    index: str
    first: int
    end: int
    count: int
    mutation: int
    mutation_uuid: str
    rows: int

    def is_past_of(self, index: str, then: StoredMutation | None) -> bool:
        """Whether the index `index`, whose mutation of this number is `then`, once was so.

        It was not if its directory was restored from a copy, say, and written to again.
        """
        ours = (self.index, self.mutation_uuid, self.rows)
        return then is not None and ours == (index, then.uuid, then.rows)


class Heads:
    """The mapped heads of one file. Immutable; removing the file does no harm.

    Raises:
        DamagedHeads
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._data = map_file(path)
            data = memoryview(self._data)
            self.about, start = _about(data)
            self.first, self.end = self.about.first, self.about.end
            self._records = start + 8 * (self.end - self.first + 1)
            self._offsets = data[start : self._records].cast("Q")
            if len(self._offsets) != self.end - self.first + 1:
                raise DamagedHeads(f"{path} is too short")
        except (OSError, ValueError, TypeError, struct.error, msgspec.DecodeError) as error:
            raise DamagedHeads(f"{path}: {error}") from error

    def of(self, row: int, values: FloatArray) -> tuple[str, str | None] | None:
        """Id and namespace of a row from `first` on; None if it has no head, or had other values.

        Args:
            values: float32, shape (dimensions,), C-contiguous.

        Raises:
            DamagedHeads
        """
        if row >= self.end:
            return None
        place = row - self.first
        start, end = self._offsets[place], self._offsets[place + 1]
        if start == end:
            return None
        record = self._data[self._records + start : self._records + end]
        if crc32(record, row) != _WHOLE or len(record) < _LEAST:
            raise DamagedHeads(f"{self.path}: row {row} does not match its checksum")
        said, crc, id_length, name_length = _HEAD.unpack_from(record)
        if crc32(values.data, said) != crc:
            return None
        name = _HEAD.size + id_length
        namespace = None if name_length < 0 else record[name : name + name_length].decode()
        return record[_HEAD.size : name].decode(), namespace


def name_of(segment: int) -> str:
    return f"{segment:08d}.heads"


def save(
    path: Path,
    index: str,
    first: int,
    end: int,
    mutation: StoredMutation,
    rows: Iterable[StoredRow],
) -> None:
    """Write the heads of `rows`, all from `first` to before `end`, in order; all or nothing.

    Args:
        mutation: one that the index was at when the rows were read.
    """
    records = [b""] * (end - first)
    count = 0
    for row in rows:
        records[row.row - first] = _record(row)
        count += 1
    lengths = np.fromiter(map(len, records), np.uint64, end - first)
    about = msgspec.msgpack.encode(
        About(index, first, end, count, mutation.number, mutation.uuid, mutation.rows)
    )
    with new_file(path) as file:
        file.write(_MAGIC + _ABOUT.pack(len(about), crc32(about)) + about)
        file.write(np.append(np.uint64(0), lengths.cumsum()).tobytes())
        file.write(b"".join(records))


def _record(row: StoredRow) -> bytes:
    vector_id = row.id.encode()
    name = b"" if row.namespace is None else row.namespace.encode()
    head = _HEAD.pack(
        said_crc(row.id, row.namespace, row.metadata, row.born),
        row.crc,
        len(vector_id),
        -1 if row.namespace is None else len(name),
    )
    record = head + vector_id + name
    return record + _CRC.pack(crc32(record, row.row))


def _about(data: memoryview) -> tuple[About, int]:
    """What the file is about, and where the rest of it starts."""
    start = len(_MAGIC) + _ABOUT.size
    length, crc = _ABOUT.unpack(data[len(_MAGIC) : start])
    encoded = data[start : start + length]
    if data[: len(_MAGIC)] != _MAGIC or crc32(encoded) != crc:
        raise DamagedHeads("its head does not match its checksum")
    return msgspec.msgpack.decode(encoded, type=About), start + length
