"""4-bit codes laid out as FastScan reads them, list by list.

faiss adds a row to the one list that its quantiser finds; where rows stand in two, the lists are
filled here.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import faiss
import numpy as np
import numpy.typing as npt

from vecinity.local.rows import RowNumbers

Codes4 = npt.NDArray[np.uint8]

Sizes: TypeAlias = npt.NDArray[np.int64]

BLOCK = 32
"""So many rows are scanned together."""

_ORDER = np.array([0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15])


class Filled(NamedTuple):
    """Codes in their lists.

    Attributes:
        index: an IndexIVFPQFastScan, whose ids are row numbers.
        first_copies: how many first copies of rows each list starts with; the others are second
            ones.
        once: the same without second copies; None where there are none.
    """

    index: Any
    first_copies: Sizes
    once: Any = None


def empty(coarse: Any, count: int, quantizer: Any, space: int) -> Any:
    """An IndexIVFPQFastScan of `count` lists that `coarse` finds, with a quantiser like the given.

    Args:
        space: the faiss metric by which queries are compared to rows.
    """
    index = faiss.IndexIVFPQFastScan(coarse, quantizer.d, count, quantizer.M, 4, space)
    index.by_residual = False
    copy_centroids(quantizer, index.pq)
    index.is_trained = True
    return index


def copy_centroids(quantizer: Any, other: Any) -> None:
    """Make `other` encode as `quantizer` does, which has the same shape."""
    faiss.copy_array_to_vector(faiss.vector_to_array(quantizer.centroids), other.centroids)


def filled(index: Any, rows: RowNumbers, codes: Codes4, lists: npt.NDArray[np.int64]) -> Filled:
    """Put rows into all of their lists of an empty IndexIVFPQFastScan.

    Args:
        rows: their numbers, shape (n,).
        codes: of each, as faiss's quantiser makes them, shape (n, bytes).
        lists: of each, shape (n, copies).
    """
    copies = lists.shape[1]
    order = np.argsort((lists * copies + np.arange(copies)).reshape(-1), kind="stable")
    ends = np.cumsum(np.bincount(lists.reshape(-1), minlength=index.nlist))
    first_copies = np.bincount(lists[:, 0], minlength=index.nlist).astype(np.int64)
    once = None
    if copies > 1:
        coarse = faiss.downcast_index(index.quantizer)
        once = empty(coarse, index.nlist, index.pq, index.metric_type)
        once.ntotal = len(rows)
    for number, places in enumerate(np.split(order // copies, ends[:-1])):
        packed, ids = pack(codes[places]), rows[places]
        _fill(index, number, packed, ids)
        if once is not None:
            _fill(once, number, packed, ids[: first_copies[number]])
    index.ntotal = lists.size
    return Filled(index, first_copies, once)


def _fill(index: Any, number: int, packed: Codes4, ids: RowNumbers) -> None:
    """Put `ids` into an empty list, and the blocks of `packed` that they are in."""
    if not len(ids):
        return
    lists = faiss.downcast_InvertedLists(index.invlists)
    lists.resize(number, len(ids))
    blocks = -(-len(ids) // BLOCK)
    faiss.memcpy(lists.get_codes(number), faiss.swig_ptr(packed), packed[:blocks].nbytes)
    faiss.memcpy(lists.get_ids(number), faiss.swig_ptr(ids), ids.nbytes)


def pack(codes: Codes4) -> Codes4:
    """`codes` (n, bytes) in blocks of 32 rows, the last one filled up with zeros.

    A block has, for each byte of the codes, the low halves of its 32 rows, then the high ones;
    a byte holds the halves of two rows that are 16 apart.
    """
    count, width = codes.shape
    blocks = -(-count // BLOCK)
    whole = np.zeros((blocks * BLOCK, width), np.uint8)
    whole[:count] = codes
    by_byte = whole.reshape(blocks, BLOCK, width).transpose(0, 2, 1)
    first, second = by_byte[..., _ORDER], by_byte[..., _ORDER + BLOCK // 2]
    packed = np.concatenate([first & 15 | second << 4, first >> 4 | second & 240], axis=2)
    return np.ascontiguousarray(packed)
