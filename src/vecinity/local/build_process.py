"""The process that builds derived files: `python -m vecinity.local.build_process`, one job a line.

It works at low priority and ends, in the middle of a job too, as soon as its parent is gone.
"""

from __future__ import annotations

import json
import os
import queue
import sqlite3
import sys
import threading
from pathlib import Path

import faiss

from vecinity.errors import VectorizeError
from vecinity.local.blocks import Job
from vecinity.local.build import build

_NICENESS = 10
_THREADS = faiss.omp_get_max_threads()


def main() -> None:
    """Read jobs from standard input until it closes; answer each with a line."""
    os.nice(_NICENESS)
    jobs: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(jobs,), daemon=True).start()
    while True:
        sys.stdout.write(f"{json.dumps(_answer(json.loads(jobs.get())))}\n")
        sys.stdout.flush()


def _read(jobs: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        jobs.put(line)
    os._exit(0)


def _answer(request: dict[str, object]) -> dict[str, str | None]:
    try:
        job = Job(**request["job"])  # type: ignore[arg-type] # as `Builder` wrote it
        faiss.omp_set_num_threads(1 if job.gentle else _THREADS)
        path = build(Path(str(request["folder"])), job)
        return {"path": None if path is None else str(path)}
    except (VectorizeError, OSError, sqlite3.Error, RuntimeError, ValueError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    main()
