"""The sealed runs of all columns in one file, with what they were derived from.

    9 bytes     "vecicol1", where the digit is the format, and the machine's byte order, "l" or "b"
    4 bytes     crc32 of all that follows, little-endian
    the rest    `SavedColumns` as MessagePack

What is not there, damaged, or of another history of the index is nothing: the columns are then
read from the store.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import msgspec
import numpy as np
from isal.isal_zlib import crc32
from pyroaring import BitMap

from vecinity.local.column_keys import Keys, NumberKeys, StringKeys, offset_type
from vecinity.local.column_runs import Run
from vecinity.local.files import write_file
from vecinity.local.store import StoredMetadataIndex, StoredMutation

_MAGIC = f"vecicol1{sys.byteorder[0]}".encode()
_HEAD = len(_MAGIC) + 4


class SavedRun(msgspec.Struct, array_like=True):
    """A `Run`; `offsets` is None if the keys are numbers."""

    first: int
    end: int
    present: bytes
    keys: bytes
    offsets: bytes | None
    starts: bytes | None
    rows: bytes
    heavy: dict[int, bytes]


class SavedColumn(msgspec.Struct, array_like=True):
    """The runs of a metadata index."""

    created: int
    property_name: str
    type: str
    first_row: int
    runs: list[SavedRun]

    @classmethod
    def of(cls, index: StoredMetadataIndex, runs: Sequence[Run]) -> Self:
        return cls(index.created, index.property_name, index.type, index.first_row, packed(runs))

    def is_of(self, index: StoredMetadataIndex) -> bool:
        ours = (self.created, self.property_name, self.type, self.first_row)
        return ours == (index.created, index.property_name, index.type, index.first_row)


class SavedColumns(msgspec.Struct, array_like=True):
    """What the columns of an index knew at a mutation, which has its own uuid."""

    index: str
    mutation: int
    mutation_uuid: str
    rows: int
    namespaces: list[SavedRun]
    metadata: list[SavedColumn]

    def is_past_of(self, index: str, then: StoredMutation | None) -> bool:
        """Whether the index `index`, whose mutation of this number is `then`, once was so.

        It was not if its directory was restored from a copy, say, and written to again.
        """
        ours = (self.index, self.mutation_uuid, self.rows)
        return then is not None and ours == (index, then.uuid, then.rows)


def save(path: Path, columns: SavedColumns) -> None:
    """Durable on return. Raises OSError; what was there before is there then."""
    payload = msgspec.msgpack.encode(columns)
    write_file(path, b"".join((_MAGIC, crc32(payload).to_bytes(4, "little"), payload)))


def load(path: Path) -> SavedColumns | None:
    """What was saved; None if that can't be read."""
    try:
        data = memoryview(path.read_bytes())
        payload = data[_HEAD:]
        if data[:_HEAD] != _MAGIC + crc32(payload).to_bytes(4, "little"):
            return None
        return msgspec.msgpack.decode(payload, type=SavedColumns)
    except (OSError, msgspec.DecodeError):
        return None


def packed(runs: Sequence[Run]) -> list[SavedRun]:
    return [_packed(run) for run in runs]


def unpacked(runs: Sequence[SavedRun]) -> list[Run]:
    return [_unpacked(run) for run in runs]


def _packed(run: Run) -> SavedRun:
    keys = run.keys
    if isinstance(keys, StringKeys):
        blob, offsets = keys.blob, keys.offsets.tobytes()
    else:
        blob, offsets = keys.values.tobytes(), None
    return SavedRun(
        run.first,
        run.end,
        run.present.serialize(),
        blob,
        offsets,
        None if run.starts is None else run.starts.tobytes(),
        run.rows.tobytes(),
        {number: rows.serialize() for number, rows in run.heavy.items()},
    )


def _unpacked(saved: SavedRun) -> Run:
    return Run(
        saved.first,
        saved.end,
        BitMap.deserialize(saved.present),
        _keys(saved),
        None if saved.starts is None else np.frombuffer(saved.starts, np.uint32),
        np.frombuffer(saved.rows, np.uint32),
        {number: BitMap.deserialize(rows) for number, rows in saved.heavy.items()},
    )


def _keys(saved: SavedRun) -> Keys:
    if saved.offsets is None:
        return NumberKeys(np.frombuffer(saved.keys, np.float64))
    return StringKeys(saved.keys, np.frombuffer(saved.offsets, offset_type(len(saved.keys))))
