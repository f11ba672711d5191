"""Exact answers: the best rows of each query by brute force, kept in the cache; and recall."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from benchmarks.peers.worker import unit
from benchmarks.progress import bar
from benchmarks.sets import VectorSet
from vecinity.metric import FloatArray

Scores = npt.NDArray[np.float64]
DEPTH = 100
TOLERANCE = 1e-6
_CHUNK = 50_000


def exact(vectors: VectorSet, cache: Path) -> Scores:
    """(queries, at most 100): scores of the best rows in float64, best first."""
    path = cache / "truth" / f"{vectors.tag()}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = best_rows(vectors.rows(), vectors.asked(), vectors.metric)
        np.save(path, scores(vectors.rows(), vectors.asked(), rows, vectors.metric))
    loaded: Scores = np.load(path)
    return loaded


def best_rows(
    rows: FloatArray, queries: FloatArray, metric: str, depth: int = DEPTH
) -> npt.NDArray[np.int64]:
    """(queries, at most `depth`): row numbers, best first, as float32 orders them."""
    depth = min(depth, len(rows))
    kind = faiss.METRIC_L2 if metric == "euclidean" else faiss.METRIC_INNER_PRODUCT
    asked = unit(queries) if metric == "cosine" else queries
    kept = np.full((len(queries), depth), -np.inf, dtype=np.float32)
    numbers = np.zeros((len(queries), depth), dtype=np.int64)
    starts = range(0, len(rows), _CHUNK)
    for start in bar(f"exact answers in {len(rows):,}", starts) if len(starts) > 9 else starts:
        chunk = np.array(rows[start : start + _CHUNK], dtype=np.float32)
        found, near = faiss.knn(
            asked, unit(chunk) if metric == "cosine" else chunk, min(depth, len(chunk)), kind
        )
        joined = np.hstack([kept, -found if metric == "euclidean" else found])
        named = np.hstack([numbers, near + start])
        order = np.argsort(-joined, axis=1, kind="stable")[:, :depth]
        kept = np.take_along_axis(joined, order, axis=1)
        numbers = np.take_along_axis(named, order, axis=1)
    return numbers


def scores(rows: FloatArray, queries: FloatArray, numbers: Any, metric: str) -> Scores:
    """Exact scores in float64 of the rows `numbers` (queries, k); higher is better, best first."""
    result = np.empty(np.shape(numbers), dtype=np.float64)
    for number, (query, chosen) in enumerate(zip(queries, numbers, strict=True)):
        result[number] = _score(rows[np.asarray(chosen)], query, metric)
    return -np.sort(-result, axis=1)


def recall(
    rows: FloatArray,
    queries: FloatArray,
    answers: Sequence[Sequence[int]],
    truth: Scores | Sequence[Scores],
    metric: str,
    k: int = 10,
) -> float:
    """Mean share of the k best that were returned, by score: a row counts if its exact score is
    that of the true k-th best or more (less 1e-6), so that ties and rounding cost nothing."""
    shares = []
    for query, answer, best in zip(queries, answers, truth, strict=True):
        depth = min(k, len(best))
        if not depth:
            continue
        chosen = np.array(sorted(set(answer[:k])), dtype=np.int64)
        hits = np.sum(_score(rows[chosen], query, metric) >= best[depth - 1] - TOLERANCE)
        shares.append(min(int(hits), depth) / depth)
    return float(np.mean(shares))


def _score(rows: FloatArray, query: FloatArray, metric: str) -> Scores:
    """Cosine, dot product, or minus the distance."""
    a, b = rows.astype(np.float64), query.astype(np.float64)
    if metric == "euclidean":
        distances: Scores = -np.linalg.norm(a - b, axis=-1)
        return distances
    products: Scores = a @ b
    if metric == "cosine":
        products /= np.linalg.norm(a, axis=-1) * np.linalg.norm(b)
    return products
