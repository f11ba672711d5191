"""Who is compared, with which settings, and what each can't do."""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.options import Options
from benchmarks.progress import say
from benchmarks.venvs import Unavailable, python, versions
from vecinity import Index

_EFS = (16, 24, 32, 48, 64, 96, 128, 192, 256, 400, 800)
_EF_GRID = tuple({"ef": ef} for ef in _EFS)
_TARGETS = (0.90, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999)


@dataclass(frozen=True, slots=True)
class Peer:
    """Attributes:
    module: of `benchmarks.peers`, with its arguments.
    packages: what its environment needs; none means our own environment.
    grid: settings of a search; usual: the one for measurements that need only one.
    made: how it is built; lacks: what it can't do that ours does.
    """

    name: str
    module: tuple[str, ...]
    packages: tuple[str, ...]
    grid: tuple[dict[str, Any], ...]
    usual: dict[str, Any]
    made: str
    lacks: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    def interpreter(self, options: Options) -> str:
        """Raises Unavailable."""
        if not self.packages:
            return sys.executable
        return python(options.cache / "venvs" / self.module[0], (*self.packages, "numpy"))

    def versions(self, options: Options) -> dict[str, str]:
        """Installed versions of its packages."""
        if not self.packages:
            return versions(sys.executable, ("vecinity", "faiss-cpu", "numpy"))
        return versions(self.interpreter(options), self.packages)


def _targets() -> tuple[dict[str, Any], ...]:
    """Our knob, if this version has it; without it every search is exact."""
    if "recall_target" not in inspect.signature(Index.query).parameters:
        return ({},)
    return tuple({"recall_target": target} for target in _TARGETS)


_BARE = "filters, durable writes"

OURS = Peer(
    "vecinity",
    ("vecinity_open",),
    (),
    _targets(),
    {},
    "profile open, batches of 5,000; the grid is recall_target",
)
FAISS = Peer(
    "faiss HNSW",
    ("faiss_hnsw",),
    ("faiss-cpu",),
    _EF_GRID,
    {"ef": 64},
    "M 16, efConstruction 200, float32; the grid is efSearch",
    f"ids, {_BARE}",
)
HNSWLIB = Peer(
    "hnswlib",
    ("hnswlib_hnsw",),
    ("hnswlib",),
    _EF_GRID,
    {"ef": 64},
    "M 16, ef_construction 200, float32; the grid is ef",
    f"ids other than integers, {_BARE}",
)
USEARCH = Peer(
    "usearch",
    ("usearch_hnsw",),
    ("usearch",),
    _EF_GRID,
    {"ef": 64},
    "connectivity 16, expansion_add 200, float32; the grid is expansion_search",
    f"ids other than integers, {_BARE}",
)
QDRANT = Peer(
    "qdrant-edge",
    ("qdrant_hnsw",),
    ("qdrant-edge-py",),
    _EF_GRID,
    {"ef": 64},
    "m 16, ef_construct 200, one segment, optimize() after the load; the grid is hnsw_ef",
)
LANCE_HNSW = Peer(
    "LanceDB IVF_HNSW_SQ",
    ("lance_ivf", "IVF_HNSW_SQ"),
    ("lancedb",),
    (
        {"nprobes": 1, "ef": 50},
        {"nprobes": 1, "ef": 100},
        {"nprobes": 1, "ef": 100, "refine": 2},
        {"nprobes": 1, "ef": 200, "refine": 2},
        {"nprobes": 4, "ef": 400, "refine": 4},
    ),
    {"nprobes": 1, "ef": 100, "refine": 2},
    "defaults for the index (m 20, ef_construction 300); the grid is nprobes, ef, refine_factor",
)
LANCE_PQ = Peer(
    "LanceDB IVF_PQ",
    ("lance_ivf", "IVF_PQ"),
    ("lancedb",),
    (
        {"nprobes": 20, "refine": 20},
        {"nprobes": 40, "refine": 20},
        {"nprobes": 120, "refine": 30},
        {"nprobes": 200, "refine": 50},
    ),
    {"nprobes": 40, "refine": 20},
    "defaults for the index; the grid is nprobes, refine_factor",
)
SCAN = Peer(
    "exact scan",
    ("exact_scan",),
    ("numpy",),
    ({"gathered": True}, {"gathered": False}),
    {"gathered": True},
    "numpy over the filter's rows, which it is told; one thread",
    "everything else",
    {"OPENBLAS_NUM_THREADS": "1"},
)
ALL = (OURS, FAISS, HNSWLIB, USEARCH, QDRANT, LANCE_HNSW, LANCE_PQ)


def available(options: Options, peers: tuple[Peer, ...]) -> list[Peer]:
    """Those that were asked for and can be installed; the reasons for others are printed.

    Raises:
        SystemExit: a name that was asked for is none.
    """
    names = {peer.name for peer in (*ALL, SCAN)}
    for name in options.peers or ():
        if name not in names:
            raise SystemExit(f"--peers: no {name!r}, only {', '.join(sorted(names))}")
    found = []
    for peer in peers:
        if options.peers is not None and peer.name not in options.peers:
            continue
        try:
            peer.interpreter(options)
        except Unavailable as error:
            say(f"{peer.name} is left out: {error}")
            continue
        found.append(peer)
    if not found:
        raise SystemExit(f"none of the peers takes part, only {', '.join(p.name for p in peers)}")
    return found


def usual_only(peer: Peer) -> Peer:
    """The peer with its usual setting as the only one."""
    return replace(peer, grid=(peer.usual,))
