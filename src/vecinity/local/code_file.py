"""How codes stand in a file: faiss's index without its lists, then the lists, which are mapped.

    the index, as faiss writes it
    of each list: its codes in blocks of 32 rows, then the rows' numbers as int64
    int64 of each list: its size, the size rounded up to blocks, and where it starts
    int64 of each list: how many first copies it starts with

Each list starts at a multiple of 64 bytes, and so does the first table.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from vecinity.local.files import map_file
from vecinity.local.packing import BLOCK, Filled, Sizes, empty

_ALIGNED = 64
_WRITTEN_AT_ONCE = 1 << 20


def write(filled: Filled, take: Callable[[bytes], object]) -> int:
    """Give codes to `take`, part by part; returns where the tables start."""
    index, lists = filled.index, filled.index.invlists
    coarse = faiss.downcast_index(index.quantizer)
    without_lists = empty(coarse, index.nlist, index.pq, index.metric_type)
    out = _Counting(take)
    faiss.write_index(without_lists, faiss.PyCallbackIOWriter(out, _WRITTEN_AT_ONCE))
    out.fill_up()
    table = np.zeros((index.nlist, 3), np.int64)
    for number in range(index.nlist):
        size = lists.list_size(number)
        capacity = -(-size // BLOCK) * BLOCK
        table[number] = size, capacity, out.place
        if size:
            codes = faiss.rev_swig_ptr(lists.get_codes(number), capacity * index.code_size)
            rows = np.zeros(capacity, np.int64)
            rows[:size] = faiss.rev_swig_ptr(lists.get_ids(number), size)
            out(codes.tobytes() + rows.tobytes())
            out.fill_up()
    start = out.place
    out(table.tobytes() + filled.first_copies.tobytes())
    return start


def read(path: Path, start: int) -> Filled:
    """What `write` wrote at the beginning of a file, and where it said that the tables start.

    Raises:
        RuntimeError, ValueError, OSError
    """
    index = faiss.read_index(str(path))
    tables = np.frombuffer(map_file(path), np.int64, 4 * index.nlist, start)
    table = tables[: 3 * index.nlist].reshape(-1, 3).copy()
    first_copies = tables[3 * index.nlist :].copy()
    once = None
    if (first_copies < table[:, 0]).any():
        once = faiss.read_index(str(path))
        of_once = table.copy()
        of_once[:, 0] = first_copies
        _map_lists(once, path, of_once)
    _map_lists(index, path, table)
    return Filled(index, first_copies, once)


class _Counting:
    """Knows at which place it is in what it hands on."""

    def __init__(self, take: Callable[[bytes], object]) -> None:
        self._take = take
        self.place = 0

    def __call__(self, data: bytes) -> None:
        self._take(data)
        self.place += len(data)

    def fill_up(self) -> None:
        self(bytes(-self.place % _ALIGNED))


def _map_lists(index: Any, path: Path, table: Sizes) -> None:
    """Let `index` read its lists from a file, where `table` says that they are."""
    lists = faiss.OnDiskInvertedLists()
    lists.nlist, lists.code_size = index.nlist, index.code_size
    lists.filename, lists.totsize, lists.read_only = str(path), path.stat().st_size, True
    lists.lists.resize(index.nlist)
    faiss.memcpy(lists.lists.data(), faiss.swig_ptr(table), table.nbytes)
    lists.do_mmap()
    lists.this.disown()  # and the index's own
    index.replace_invlists(lists, True)
    index.ntotal = int(table[:, 0].sum())
