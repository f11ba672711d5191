"""Wide vectors of which no real set is at hand: few hidden dimensions, folded into many.

x = length (tanh(z A) B + 0.1 e): z is normal in 24 dimensions, A and B are random, e is noise,
lengths are log-normal (so that the three metrics differ). Queries are drawn alike.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.progress import bar
from vecinity.metric import FloatArray

_SEED = 7
_HIDDEN = 24
_MIDDLE = 256
_CHUNK = 50_000


def write(path: Path, count: int, dimensions: int) -> None:
    """Write `count` float32 vectors to a .npy file, in chunks."""
    shape = (count, dimensions)
    rows = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    for start in bar(f"making {count:,} x {dimensions} vectors", range(0, count, _CHUNK)):
        size = min(_CHUNK, count - start)
        rows[start : start + size] = _draw([_SEED, dimensions, start], size, dimensions)
        rows.flush()


def queries(count: int, dimensions: int) -> FloatArray:
    """(count, dimensions) vectors that are not among the written ones."""
    return _draw([_SEED + 1, dimensions], count, dimensions)


def _draw(seed: list[int], count: int, dimensions: int) -> FloatArray:
    maps = np.random.default_rng([_SEED, dimensions])
    first = maps.standard_normal((_HIDDEN, _MIDDLE), dtype=np.float32) / np.sqrt(_HIDDEN)
    second = maps.standard_normal((_MIDDLE, dimensions), dtype=np.float32) / np.sqrt(_MIDDLE)
    rng = np.random.default_rng(seed)
    hidden = rng.standard_normal((count, _HIDDEN), dtype=np.float32)
    vectors = np.tanh(hidden @ first.astype(np.float32)) @ second.astype(np.float32)
    vectors += 0.1 * rng.standard_normal(vectors.shape, dtype=np.float32)
    vectors *= rng.lognormal(0.0, 0.15, size=(count, 1)) / np.sqrt(dimensions)
    drawn: FloatArray = vectors.astype(np.float32)
    return drawn
