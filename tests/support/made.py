"""Vectors that are made up, but not of noise alone."""

from __future__ import annotations

import numpy as np

from vecinity.metric import FloatArray


def made(rows: int, dimensions: int, seed: int, *, longest: float = 1.0) -> FloatArray:
    """Rows of some 12 intrinsic dimensions; float32, shape (rows, dimensions).

    Args:
        longest: above 1 their lengths vary, by factors of 0.5 to that.
    """
    basis = np.random.default_rng(0).standard_normal((12, dimensions))
    random = np.random.default_rng(seed)
    values = random.standard_normal((rows, 12)) @ basis
    values += 0.3 * random.standard_normal((rows, dimensions))
    if longest > 1:
        values *= random.uniform(0.5, longest, (rows, 1))
    return np.asarray(values, np.float32)
