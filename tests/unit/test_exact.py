"""The selection in front of the exact scores."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vecinity.local.exact import kth_smallest

_FLOATS = st.floats(width=32, allow_nan=True, allow_infinity=True)


@given(st.lists(_FLOATS, min_size=1, max_size=500), st.data())
def test_kth_smallest_is_that_of_a_full_sort(found: list[float], data: st.DataObject) -> None:
    values = np.array(found, np.float32)
    k = data.draw(st.integers(1, len(values)))
    expected = np.sort(values)[k - 1]  # NaN last
    # unlike `assert_equal`, this takes zeros of either sign for the same
    np.testing.assert_array_equal(kth_smallest(values, k), expected)


def test_kth_smallest_of_many() -> None:
    values = np.random.default_rng(0).standard_normal(100_000).astype(np.float32)
    ordered = np.sort(values)
    for k in (1, 10, 100, 1_000, 99_999):
        assert kth_smallest(values, k) == ordered[k - 1]
