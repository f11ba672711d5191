"""The sets of vectors by name, made once and kept in the cache as .npy files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import mixing, synthetic
from benchmarks.options import Options
from benchmarks.peers.worker import unit
from vecinity.metric import FloatArray

WIDE = {"synthetic-768": (1_000_000, 768), "synthetic-1536": (200_000, 1536)}
MIXED = {"mixed-1m": 1_000_000, "mixed-10m": 10_000_000}


@dataclass(frozen=True, slots=True)
class VectorSet:
    """Attributes:
    vectors: a .npy file of which the first `count` rows are meant, float32.
    queries: a .npy file of float32 queries.
    """

    name: str
    vectors: Path
    queries: Path
    count: int
    metric: str = "cosine"

    @property
    def dimensions(self) -> int:
        return int(self.rows().shape[1])

    def rows(self) -> FloatArray:
        """(count, dimensions), mapped."""
        mapped: FloatArray = np.load(self.vectors, mmap_mode="r")[: self.count]
        return mapped

    def asked(self) -> FloatArray:
        """(queries, dimensions)."""
        loaded: FloatArray = np.load(self.queries)
        return loaded

    def tag(self) -> str:
        """A name for files that belong to these rows, queries and metric."""
        key = f"{self.vectors.name} {self.queries.name}"
        digest = hashlib.sha256(key.encode()).hexdigest()[:8]
        return f"{self.name}-{self.count}-{self.metric}-{digest}"


def real(options: Options) -> VectorSet:
    """The embeddings of the data folder, widened to float32."""
    folder = options.real()
    path = options.cache / "sets" / f"real-{_fingerprint(folder)}.npy"
    _once(path, lambda made: _save(made, np.load(folder / "vectors.f16.npy")))
    count = len(np.load(path, mmap_mode="r"))
    return VectorSet("real", path, _real_queries(options), options.limited(count))


def mixed(options: Options, count: int) -> VectorSet:
    """`count` vectors made from the real ones; fewer are always the first of more."""
    source = real(options)
    count = options.limited(count)
    mark = source.vectors.stem.removeprefix("real-")
    every = len(np.load(source.vectors, mmap_mode="r"))
    base = min(count, every)  # in a trial don't search the neighbours of all
    mark += f"-of-{base}" if base < every else ""
    folder = options.cache / "sets"
    made = [path for path in folder.glob(f"mixed-{mark}-rows-*.npy") if _rows(path) >= count]
    path = min(made, key=_rows, default=folder / f"mixed-{mark}-rows-{count}.npy")

    def write(target: Path) -> None:
        rows = unit(np.load(source.vectors)[:base])
        near = options.cache / "sets" / f"neighbours-{mark}.npy"
        _once(near, lambda made: _save(made, mixing.neighbours(rows)))
        mixing.write(target, count, rows, np.load(near))

    _once(path, write)
    return VectorSet("mixed", path, source.queries, count)


def wide(options: Options, name: str, metric: str) -> VectorSet:
    """A synthetic set of `WIDE`."""
    rows, dimensions = WIDE[name]
    count = options.limited(rows)
    path = options.cache / "sets" / f"{name}-rows-{count}.npy"
    _once(path, lambda made: synthetic.write(made, count, dimensions))
    asked = options.cache / "sets" / f"{name}-queries-{options.queries}.npy"
    _once(asked, lambda made: _save(made, synthetic.queries(options.queries, dimensions)))
    return VectorSet(name, path, asked, count, metric)


def prefix(vectors: VectorSet, count: int) -> VectorSet:
    """The first `count` rows."""
    return VectorSet(vectors.name, vectors.vectors, vectors.queries, count, vectors.metric)


def _real_queries(options: Options) -> Path:
    folder = options.real()
    mark = _fingerprint(folder)
    path = options.cache / "sets" / f"real-{mark}-queries-{options.queries}.npy"
    _once(path, lambda made: _save(made, np.load(folder / "queries.f32.npy")[: options.queries]))
    return path


def _fingerprint(folder: Path) -> str:
    """Sets of other folders must not be taken for this one's."""
    digest = hashlib.sha256()
    for name in ("vectors.f16.npy", "queries.f32.npy"):
        with (folder / name).open("rb") as file:
            digest.update(file.read(1 << 20))
            digest.update(str((folder / name).stat().st_size).encode())
    return digest.hexdigest()[:8]


def _rows(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])


def _save(path: Path, array: npt.NDArray[Any]) -> None:
    np.save(path, array if array.dtype == np.int32 else array.astype(np.float32))


def _once(path: Path, write: Callable[[Path], None]) -> None:
    """Make a file unless it is there; what broke off leaves none."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"unfinished-{path.name}")
    write(unfinished)
    unfinished.rename(path)
