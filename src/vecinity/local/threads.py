"""How many threads faiss takes for one call."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import faiss


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Inside the block faiss takes the calling thread alone: many cores are for many queries."""
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)
