"""As many vectors as wanted, as hard as the real ones, by the recipe of the real set.

x = normalise(w x_i + (1-w) x_j + 0.6 (x_a - x_b) + 0.25 e): j, a and b are random among the 30
nearest of i, w is uniform in .35-.75, e a random vector of unit expected length. The real queries
serve.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from benchmarks.progress import bar
from vecinity.metric import FloatArray

NEIGHBOURS = 30
SEED = 20261124
_CHUNK = 100_000


def neighbours(base: FloatArray) -> npt.NDArray[np.int32]:
    """(n, 30): the rows nearest to each row by cosine, itself left out."""
    found = []
    flat = faiss.IndexFlatIP(base.shape[1])
    flat.add(base)
    starts = range(0, len(base), 2_048)
    for start in bar(f"neighbours of {len(base):,} vectors", starts):
        _, rows = flat.search(base[start : start + 2_048], NEIGHBOURS + 1)
        own = np.arange(start, start + len(rows))[:, np.newaxis]
        # of duplicates any may come first, so the row itself can be anywhere, or missing
        order = np.argsort(rows == own, axis=1, kind="stable")
        found.append(np.take_along_axis(rows, order, axis=1)[:, :NEIGHBOURS].astype(np.int32))
    return np.concatenate(found)


def write(path: Path, count: int, base: FloatArray, near: npt.NDArray[np.int32]) -> None:
    """Write `count` mixed float32 vectors to a .npy file, in chunks; n rows are always the first
    n of more."""
    shape = (count, base.shape[1])
    rows = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    for start in bar(f"mixing {count:,} vectors", range(0, count, _CHUNK)):
        chunk = _chunk(np.random.default_rng([SEED, start]), base, near)
        rows[start : start + _CHUNK] = chunk[: count - start]
        rows.flush()


def _chunk(
    rng: np.random.Generator, base: FloatArray, near: npt.NDArray[np.int32]
) -> npt.NDArray[Any]:
    i = rng.integers(len(base), size=_CHUNK)
    j, a, b = (near[i, rng.integers(NEIGHBOURS, size=_CHUNK)] for _ in range(3))
    w = rng.uniform(0.35, 0.75, size=(_CHUNK, 1)).astype(np.float32)
    dimensions = base.shape[1]
    mixed = rng.standard_normal((_CHUNK, dimensions), dtype=np.float32)
    mixed *= np.float32(0.25 / np.sqrt(dimensions))
    mixed += w * base[i]
    mixed += (1 - w) * base[j]
    mixed += np.float32(0.6) * (base[a] - base[b])
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    return mixed
