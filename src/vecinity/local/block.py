"""A block: the codes of a range of rows, and how deep to look into them. A derived, immutable file.

The file has the codes (`local/code_file.py`), then a JSON trailer, then its length, a crc32 of all
before, and a magic number. A row range of an index never changes, so a block is never stale, only
damaged.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isal.isal_zlib import crc32

from vecinity.local.codes import Codes
from vecinity.local.files import map_file, new_file
from vecinity.local.recall import Curves
from vecinity.metric import Metric

FORMAT = 6

_END = struct.Struct("<II8s")
_MAGIC = b"vecblock"


class DamagedBlock(Exception):
    """The file is no whole block of this index."""


@dataclass(frozen=True, slots=True)
class Block:
    """The rows from `first` to before `end`, but for those that were dead when it was built.

    `members` counts the encoded rows. `loss` is the mean squared distance from the prepared values
    of rows like them to what their codes stand for.
    """

    first: int
    end: int
    members: int
    codes: Codes
    curves: Curves
    loss: float
    path: Path


def name_of(first: int, end: int) -> str:
    return f"{first:010d}-{end:010d}.block"


def save(block: Block, uuid: str) -> None:
    """Write the block into its path; all or nothing."""
    codes = block.codes
    trailer: dict[str, Any] = {
        "format": FORMAT,
        "uuid": uuid,
        "first": block.first,
        "end": block.end,
        "members": block.members,
        "metric": codes.metric,
        "dimensions": codes.dimensions,
        "scale": codes.scale,
        "curves": block.curves.to_json(),
        "loss": block.loss,
    }
    crc = 0
    with new_file(block.path) as file:

        def write(part: bytes) -> None:
            nonlocal crc
            crc = crc32(part, crc)
            file.write(part)

        trailer["codes"] = codes.write(write)
        encoded = json.dumps(trailer).encode()
        write(encoded)
        crc = crc32(len(encoded).to_bytes(4, "little"), crc)
        file.write(_END.pack(len(encoded), crc, _MAGIC))


def load(path: Path, uuid: str) -> Block:
    """Raises DamagedBlock."""
    try:
        trailer = _verified_trailer(path)
        if (trailer["format"], trailer["uuid"]) != (FORMAT, uuid):
            raise DamagedBlock(f"{path} belongs to another index or version")
        metric = Metric(trailer["metric"])
        codes = Codes.read(path, trailer["codes"], metric, trailer["dimensions"], trailer["scale"])
        curves = Curves.from_json(trailer["curves"])
        first, end, members = trailer["first"], trailer["end"], trailer["members"]
        return Block(first, end, members, codes, curves, float(trailer["loss"]), path)
    except (OSError, ValueError, KeyError, RuntimeError, struct.error) as error:
        raise DamagedBlock(f"{path}: {error}") from error


def _verified_trailer(path: Path) -> dict[str, Any]:
    with map_file(path) as data:
        length, crc, magic = _END.unpack(data[-_END.size :])
        view = memoryview(data)
        try:
            said = view[: -_END.size]
            found = crc32(length.to_bytes(4, "little"), crc32(said))
            if magic != _MAGIC or found != crc or length > len(said):
                raise ValueError("its checksum does not match")
            trailer: dict[str, Any] = json.loads(bytes(said[-length:]))
        finally:
            said.release()
            view.release()
    return trailer
