"""What every peer's process does: commands as JSON lines on stdin, answers as lines on stdout.

{"call": "search", "with": {"queries": "queries.npy", "k": 10, "setting": {"ef": 64}}}
{"result": {"seconds": [...], "rows": [[...], ...]}}
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]
Json: TypeAlias = dict[str, Any]
Ask: TypeAlias = Callable[[Any], Any]
"""Answers one prepared query with whatever the engine returns."""

WARM_UP = 25
"""Untimed queries before the timed ones: the process was idle while others had their turn."""


class Worker:
    """An engine behind the commands. Every public method is one; arguments and results are JSON.

    Vectors are row numbers of a set: whatever ids the engine takes, `rows` turns them back.
    """

    def build(
        self,
        folder: str,
        vectors: str,
        count: int,
        metric: str,
        threads: int,
        metadata: str | None = None,
        namespaces: int | None = None,
    ) -> Json:
        """Index the first `count` rows of the .npy file and store the index in `folder`.

        Returns:
            "acked": seconds until the engine has taken all rows, "searchable": until its index
            covers them all, "stored": until it is on disk; all from the start.
        """
        raise NotImplementedError

    def open(self, folder: str, metric: str) -> Json:
        """Open what `build` stored; "seconds" it took."""
        raise NotImplementedError

    def asker(self, k: int, setting: Json) -> Callable[[Json | None], Ask]:
        """For a filter, a function of one prepared query."""
        raise NotImplementedError

    def prepared(self, queries: Floats) -> list[Any]:
        """Queries in the form that the engine takes; not timed."""
        return list(queries)

    def rows(self, answer: Any) -> list[int]:
        """The row numbers of an answer, best first; not timed."""
        raise NotImplementedError

    def search(
        self,
        queries: str,
        k: int,
        setting: Json,
        filters: list[Json] | None = None,
        count: int | None = None,
        warm_up: int = WARM_UP,
    ) -> Json:
        """Ask all queries, or `count` round and round, one by one; time each.

        Args:
            filters: none, one for all, or one for each query.
        """
        vectors = self.prepared(np.load(queries))
        make = self.asker(k, setting)
        asks = [make(each) for each in filters] if filters else [make(None)]
        order = range(len(vectors) if count is None else count)
        for number in range(warm_up):
            asks[-number % len(asks)](vectors[-number % len(vectors)])
        seconds, answers = [], []
        for number in order:
            ask, vector = asks[number % len(asks)], vectors[number % len(vectors)]
            start = time.perf_counter()
            answer = ask(vector)
            seconds.append(time.perf_counter() - start)
            answers.append(answer)
        return {"seconds": seconds, "rows": [self.rows(answer) for answer in answers]}

    def linger(self, queries: str, k: int, setting: Json, seconds: float) -> Json:
        """Ask round and round, unfiltered, for that long; the times alone."""
        vectors = self.prepared(np.load(queries))
        ask = self.asker(k, setting)(None)
        times: list[float] = []
        end = time.perf_counter() + seconds
        while (start := time.perf_counter()) < end:
            ask(vectors[len(times) % len(vectors)])
            times.append(time.perf_counter() - start)
        return {"seconds": times}

    def soak(self, queries: str, k: int, setting: Json, count: int) -> Json:
        """Ask `count` queries and return the memory afterwards."""
        vectors = self.prepared(np.load(queries))
        ask = self.asker(k, setting)(None)
        for number in range(count):
            ask(vectors[number % len(vectors)])
        return self.memory()

    def memory(self) -> Json:
        """Bytes of this process and those it started: "held" can't be dropped (anonymous and
        shared memory), "mapped" are pages of files that the system may drop."""
        return memory(os.getpid())

    def close(self) -> None:
        """Let go of files; the process ends afterwards."""


def serve(worker: Worker) -> None:
    """Answer commands until stdin ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not look like an answer
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = {"result": getattr(worker, command["call"])(**command["with"])}
        except Exception:  # noqa: BLE001 # the harness shows it
            answer = {"error": traceback.format_exc()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    worker.close()


def memory(pid: int) -> Json:
    """What `Worker.memory` says, of the process `pid` and those it started."""
    held = mapped = 0
    for each in _family(pid):
        try:
            status = Path(f"/proc/{each}/status").read_text()
        except OSError:
            continue  # it has just ended
        sizes = dict(line.split(":", 1) for line in status.splitlines())
        held += sum(_kilobytes(sizes, name) for name in ("RssAnon", "RssShmem"))
        mapped += _kilobytes(sizes, "RssFile")
    return {"held": held * 1024, "mapped": mapped * 1024}


def batches(vectors: str, count: int, size: int) -> Iterator[tuple[int, Floats]]:
    """(first row, copy of `size` rows), so that the file's pages never count as memory."""
    rows = np.load(vectors, mmap_mode="r")
    for start in range(0, count, size):
        yield start, np.array(rows[start : min(start + size, count)], dtype=np.float32)


def unit(vectors: Floats) -> Floats:
    """Rows of length 1; rows of zeros stay."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Floats = (vectors / np.maximum(lengths, 1e-30)).astype(np.float32)
    return scaled


def _kilobytes(sizes: dict[str, str], name: str) -> int:
    return int(sizes.get(name, "0").split()[0])  # a process that has ended has no sizes


def _family(pid: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except OSError:
            continue
        parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(folder.name))
    found = [pid]
    for each in found:
        found += parents.get(each, [])
    return found
