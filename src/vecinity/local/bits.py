"""Bitmaps of rows as numpy arrays: row numbers, and one bit a row for faiss's selectors."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from vecinity.local.rows import RowNumbers

Bits: TypeAlias = npt.NDArray[np.uint8]
"""One bit a row number, the lowest bit of a byte first."""

_SPAN = 1 << 16
_NO_RUNS = 12_346
_SOME_RUNS = 12_347
_OFFSETS_FROM = 4
_MOST_LISTED = 4_096


def rows_of(bitmap: BitMap) -> RowNumbers:
    """The row numbers of a bitmap, ascending."""
    return np.frombuffer(bitmap.to_array(), np.uint32).astype(np.int64)


def bits_of(bitmap: BitMap, rows: int) -> Bits:
    """The rows of `bitmap` below `rows`, which are not in it or all in it beyond.

    Roaring's portable serialised form keeps dense stretches as plain bits, which are copied as they
    are: many times faster than by way of row numbers.
    """
    bits = np.zeros(-(-rows // _SPAN) * _SPAN // 8, np.uint8)
    data = np.frombuffer(bitmap.serialize(), np.uint8)
    for key, kind, content in _containers(data):
        start = key * _SPAN // 8
        if start >= len(bits):
            break
        bits[start : start + _SPAN // 8] = _plain(kind, content)
    return bits


class RecentBits:
    """The bits of one bitmap, from the second time on that it is asked for. Safe for threads."""

    def __init__(self) -> None:
        self._asked: BitMap | None = None
        self._known: tuple[BitMap, int, Bits] | None = None

    def of(self, bitmap: BitMap, rows: int) -> Bits | None:
        """As `bits_of`; None the first time: who asks once finds a few rows sooner without."""
        known = self._known
        if known is not None and known[0] is bitmap and known[1] == rows:
            return known[2]
        if self._asked is not bitmap:
            self._asked = bitmap
            return None
        bits = bits_of(bitmap, rows)
        self._known = bitmap, rows, bits
        return bits


def taken(rows: RowNumbers, bits: Bits) -> Bits:
    """1 for each of `rows` whose bit is set, else 0; of their shape."""
    found: Bits = (bits[rows >> 3] >> (rows & 7).astype(np.uint8)) & 1
    return found


def _containers(data: Bits) -> list[tuple[int, str, Bits]]:
    """(the upper half of its row numbers, its kind, what it holds) of each container."""
    cookie = int(data[:4].view(np.uint32)[0])
    if cookie & 0xFFFF == _SOME_RUNS:
        count, place = (cookie >> 16) + 1, 4
        is_run = np.unpackbits(data[place : place + (count + 7) // 8], bitorder="little")
        place += (count + 7) // 8
        offsets = count >= _OFFSETS_FROM
    else:
        count, place = int(data[4:8].view(np.uint32)[0]), 8
        is_run, offsets = np.zeros(count, np.uint8), True
    heads = data[place : place + 4 * count].copy().view(np.uint16).reshape(count, 2)
    place += 4 * count * (2 if offsets else 1)
    found = []
    for number, (key, last) in enumerate(heads.tolist()):
        if is_run[number]:
            runs = int(data[place : place + 2].copy().view(np.uint16)[0])
            kind, size, place = "runs", 4 * runs, place + 2
        elif last < _MOST_LISTED:
            kind, size = "listed", 2 * (last + 1)
        else:
            kind, size = "bits", _SPAN // 8
        found.append((key, kind, data[place : place + size]))
        place += size
    return found


def _plain(kind: str, content: Bits) -> Bits:
    """A container as 65,536 bits."""
    if kind == "bits":
        return content
    mask = np.zeros(_SPAN, np.bool_)
    numbers = content.copy().view(np.uint16)
    if kind == "listed":
        mask[numbers] = True
    else:
        for start, more in numbers.reshape(-1, 2).tolist():
            mask[start : start + more + 1] = True
    return np.packbits(mask, bitorder="little")
