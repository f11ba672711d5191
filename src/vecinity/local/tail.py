"""Codes of new rows that are in no sealed block yet, in memory only.

A query beside a writer finds them as it finds those of a block, instead of reading them all. They
are made with the quantiser of a sealed block, unless the new rows are unlike its own.
"""

from __future__ import annotations

from pathlib import Path

from pyroaring import BitMap

from vecinity.local.bits import rows_of
from vecinity.local.block import Block
from vecinity.local.encoder import Encoder
from vecinity.local.rows import RowNumbers
from vecinity.local.threads import OneThread
from vecinity.local.visibility import Snapshot
from vecinity.metric import FloatArray

_LEAST_ROWS = 1_024
"""Fewer are scored in the time that a scan of codes takes."""

_NEW_ROWS = 256
_NEW_SHARE = 1 / 32
"""So many are encoded together: the codes of all are laid out anew then."""

_MOST_TO_ALIVE = 2
"""When so many times as many are encoded as are alive, those that are get codes anew."""

_LARGEST_LOSS = 1.5
_LOOKED_AT = 16
"""The block's curves say nothing of codes that are so much worse than its own, which one row in so
many tells."""


class Tail:
    """The tail from the row `first` on. For one thread.

    Args:
        like: the block with whose quantiser rows are encoded, and whose curves say how deep to look
            into the codes.
    """

    def __init__(self, first: int, like: Block) -> None:
        self._first = first
        self._like = like
        self._is_alike = True
        self._end = first
        self._members = 0
        self._encoder: Encoder | None = None

    def is_due(self, rows: int) -> bool:
        """Whether there are so many new rows before the row `rows` that `extended` is worth it."""
        known = self._members
        least = max(_NEW_ROWS, known * _NEW_SHARE) if known else _LEAST_ROWS
        return self._is_alike and rows - self._end >= least

    def extended(self, snapshot: Snapshot) -> Block | None:
        """A block, without a file, of the codes of all rows that are visible now.

        None: there are none, or those of the new ones would not do.

        Raises:
            StorageUnavailable: rows were buried meanwhile; what was given before stays true.
        """
        end = snapshot.mutation.rows
        new = end - self._end
        if self._members + new > _MOST_TO_ALIVE * snapshot.live.range_cardinality(self._first, end):
            self._forget()
        rows = rows_of(snapshot.live & BitMap(range(self._end, end)))
        if len(rows) and not self._take(rows, snapshot.values.gathered(rows)):
            return None
        self._end = end
        if self._encoder is None:
            return None
        like, codes = self._like, self._encoder.codes()
        return Block(self._first, end, self._members, codes, like.curves, like.loss, Path())

    def _take(self, rows: RowNumbers, values: FloatArray) -> bool:
        """Encode new rows; False if they are too unlike those that the quantiser was made for."""
        codes = self._like.codes
        encoder = self._encoder or Encoder.trained(codes.metric, values[:1], 1, codes)
        with OneThread():
            self._is_alike = encoder.loss(values[::_LOOKED_AT]) <= _LARGEST_LOSS * self._like.loss
            if self._is_alike:
                encoder.add(rows, values)
                self._encoder = encoder
                self._members += len(rows)
        return self._is_alike

    def _forget(self) -> None:
        self._end = self._first
        self._members = 0
        self._encoder = None
