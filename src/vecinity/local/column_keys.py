"""Sorted distinct keys in few bytes: what a run of a column looks values up in.

Strings are keys as UTF-8 bytes, numbers and booleans as float64.
"""

from __future__ import annotations

import itertools
import operator
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Unsigned: TypeAlias = npt.NDArray[np.uint32]


class NumberKeys:
    """Numbers, ascending, as float64 of shape (n,)."""

    def __init__(self, values: npt.NDArray[np.float64]) -> None:
        self.values = values

    def __len__(self) -> int:
        return len(self.values)

    def left(self, key: Any) -> int:
        """How many are below `key`."""
        return int(self.values.searchsorted(key, "left"))

    def right(self, key: Any) -> int:
        """How many are not above `key`."""
        return int(self.values.searchsorted(key, "right"))

    def find(self, key: Any) -> int:
        """The number of `key`; -1 if it is not there."""
        number = self.left(key)
        return number if number < len(self.values) and self.values[number] == key else -1

    def all(self) -> list[Any]:
        return list(self.values.tolist())

    @property
    def nbytes(self) -> int:
        return self.values.nbytes


class StringKeys:
    """Byte strings, ascending, end to end in `blob`; number n ends where `offsets[n + 1]` says.

    `offsets` has shape (n + 1,) and the type that `offset_type` says.
    """

    def __init__(self, blob: bytes, offsets: npt.NDArray[Any]) -> None:
        self.blob = blob
        self.offsets = offsets
        # a memoryview: its items are Python's own numbers, several times faster than numpy's
        self._places = offsets.data

    @classmethod
    def of(cls, keys: Sequence[bytes]) -> StringKeys:
        ends = np.cumsum(np.fromiter(map(len, keys), np.uint64, len(keys)), dtype=np.uint64)
        size = int(ends[-1]) if len(ends) else 0
        offsets = np.zeros(len(keys) + 1, offset_type(size))
        offsets[1:] = ends
        return cls(b"".join(keys), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, number: int) -> bytes:
        places = self._places
        return self.blob[places[number] : places[number + 1]]

    def left(self, key: Any) -> int:
        """How many are below `key`."""
        return bisect_left(self, key)

    def right(self, key: Any) -> int:
        """How many are not above `key`."""
        return bisect_right(self, key)

    def find(self, key: Any) -> int:
        """The number of `key`; -1 if it is not there."""
        number = bisect_left(self, key)
        return number if number < len(self) and self[number] == key else -1

    def all(self) -> list[Any]:
        blob = self.blob
        places = self.offsets.tolist()
        return [blob[start:end] for start, end in itertools.pairwise(places)]

    @property
    def nbytes(self) -> int:
        return len(self.blob) + self.offsets.nbytes


def offset_type(size: int) -> type[np.uint32 | np.uint64]:
    """What offsets into a blob of `size` bytes are kept as."""
    return np.uint32 if size < 2**32 else np.uint64


Keys: TypeAlias = NumberKeys | StringKeys


def group(keys: Sequence[Any]) -> tuple[Keys, Unsigned]:
    """The distinct ones of some keys, all of one type, and for each key its number there."""
    if not keys or isinstance(keys[0], bytes):
        distinct = sorted(dict.fromkeys(keys))
        numbers = dict(zip(distinct, range(len(distinct)), strict=True))
        codes = np.fromiter(map(numbers.__getitem__, keys), np.uint32, len(keys))
        return StringKeys.of(distinct), codes
    values, inverse = np.unique(np.array(keys, np.float64), return_inverse=True)
    return NumberKeys(values), inverse.astype(np.uint32)


def group_sorted(keys: Sequence[Any]) -> tuple[Keys, Unsigned]:
    """As `group`; faster for strings that are a few ascending sequences, one after another."""
    if not keys or not isinstance(keys[0], bytes):
        return group(keys)
    # the sort finds the sequences and merges them, and nothing need be hashed
    order = sorted(range(len(keys)), key=keys.__getitem__)
    ascending = list(map(keys.__getitem__, order))
    is_new = np.ones(len(keys), np.bool_)
    is_new[1:] = list(map(operator.ne, itertools.islice(ascending, 1, None), ascending))
    codes = np.empty(len(keys), np.uint32)
    codes[order] = np.cumsum(is_new) - 1
    return StringKeys.of(list(itertools.compress(ascending, is_new.tolist()))), codes
