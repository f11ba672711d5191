"""`python -m tests.crash.sealing DATA STEP N` writes until a step of sealing, then dies.

Prints a line for each write that was acknowledged. It dies the N-th time the step is reached.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import vecinity
from tests.support import tiny
from vecinity.local import block, heads, index
from vecinity.local.encoder import Encoder
from vecinity.local.heads_keeper import HeadsKeeper

DIMENSIONS = 32
STEPS = (
    *("encoded", "begun", "written", "named", "published", "removed"),
    *("heads begun", "heads written", "heads named", "heads published"),
)
_WRITES = 40
_BATCH = 5


def state_after(writes: int) -> dict[str, np.ndarray[Any, Any]]:
    """What the index holds after so many writes."""
    state: dict[str, np.ndarray[Any, Any]] = {}
    for number, (upserted, deleted) in enumerate(_writes()):
        if number == writes:
            break
        state.update(upserted)
        for vector_id in deleted:
            state.pop(vector_id, None)
    return state


def _writes() -> Iterator[tuple[dict[str, np.ndarray[Any, Any]], list[str]]]:
    """Each write's vectors, or the ids that it deletes."""
    random = np.random.default_rng(0)
    for number in range(_WRITES):
        ids = [f"v{n}" for n in random.integers(0, 60, _BATCH)]
        if number % 4 == 3:
            yield {}, ids
        else:
            yield {i: random.standard_normal(DIMENSIONS).astype(np.float32) for i in ids}, []


def _run(data: Path) -> None:
    with vecinity.open(data) as database:
        database.create_index("i", dimensions=DIMENSIONS, metric="cosine")
        opened = database.index("i")
        for number, (upserted, deleted) in enumerate(_writes()):
            if number % 8 == 7:
                database.wait_indexed()
            if deleted:
                opened.delete_by_ids(deleted)
            else:
                opened.upsert({"id": i, "values": values} for i, values in upserted.items())
            sys.stdout.write("acknowledged\n")
            sys.stdout.flush()


class _Death:
    def __init__(self, wanted: str, times: int) -> None:
        self._wanted = wanted
        self._left = times

    def at(self, step: str) -> None:
        self._left -= step == self._wanted
        if not self._left:
            os._exit(9)


def _before(death: _Death, step: str, owner: Any, name: str) -> None:
    _around(death, owner, name, before=step)


def _after(death: _Death, step: str, owner: Any, name: str) -> None:
    _around(death, owner, name, after=step)


def _around(death: _Death, owner: Any, name: str, before: str = "", after: str = "") -> None:
    original: Callable[..., Any] = getattr(owner, name)

    def wrapped(*arguments: Any, **options: Any) -> Any:
        death.at(before)
        result = original(*arguments, **options)
        death.at(after)
        return result

    setattr(owner, name, wrapped)


def main() -> None:
    data, step, times = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    tiny.shrink(tiny.ForGood, at_once=True)
    death = _Death(step, times)
    _after(death, "encoded", Encoder, "add")
    _before(death, "begun", block, "new_file")
    _before(death, "heads begun", heads, "new_file")
    _after(death, "heads published", HeadsKeeper, "publish")
    rename = Path.replace

    def replace(self: Path, target: Path) -> Path:
        kind = {".block": "", ".heads": "heads "}.get(target.suffix, "other ")
        death.at(f"{kind}written")
        renamed = rename(self, target)
        death.at(f"{kind}named")
        return renamed

    Path.replace = replace  # type: ignore[method-assign, assignment] # to die there
    _before(death, "published", index, "remove_file")
    _after(death, "removed", index, "remove_file")
    _run(data)


if __name__ == "__main__":
    main()
