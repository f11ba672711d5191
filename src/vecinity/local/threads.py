"""How many threads faiss takes for one call."""

from __future__ import annotations

import faiss


class OneThread:
    """Inside the block faiss takes the calling thread alone: many cores are for many queries."""

    # every query comes through here: a class enters in less time than a generator

    __slots__ = ("_threads",)

    def __enter__(self) -> None:
        self._threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)

    def __exit__(self, *_: object) -> None:
        faiss.omp_set_num_threads(self._threads)
