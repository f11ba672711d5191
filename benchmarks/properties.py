"""Metadata of the real set, and filters over it: random ones and such as go with the texts."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.options import Options

RANDOM_SHARES = (0.5, 0.1, 0.01, 0.001, 0.0001)
SIZES = ((0, 1), (94, 108), (500, 1_000), (10_000, 20_000))
SECTIONS = ("noun.artifact", "games", "libdevel", "verb.motion", "noun.animal", "math")
_KEPT = ("source", "section", "installed_size")


@dataclass(frozen=True, slots=True)
class Filter:
    """Attributes:
    condition: {"property", "equal"} or {"property", "from", "below"}.
    rows: the rows that match.
    """

    name: str
    condition: dict[str, Any]
    rows: npt.NDArray[np.int64]


def write(options: Options, count: int) -> tuple[Path, list[Filter]]:
    """The metadata of the first `count` rows as a file of JSON lines, and filters over it; a
    filter that none of the rows matches is left out."""
    rng = np.random.default_rng(11)
    with gzip.open(options.real() / "metadata.jsonl.gz") as lines:
        records = [json.loads(line)["metadata"] for line in islice(lines, count)]
    kept = [{name: record[name] for name in _KEPT} for record in records]
    for record, value in zip(kept, rng.random(len(kept)).tolist(), strict=True):
        record["random"] = value
    path = options.cache / "sets" / f"metadata-{len(kept)}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in kept))
    return path, [each for each in _filters(kept) if len(each.rows)]


def _filters(records: list[dict[str, Any]]) -> list[Filter]:
    made = [_range(f"random {share:.2%}", records, "random", 0.0, share) for share in RANDOM_SHARES]
    made += [
        _equal(f"{name} = {value}", records, name, value)
        for name, value in (("source", "debian"), *(("section", each) for each in SECTIONS))
    ]
    return made + [
        _range(f"{low} <= installed_size < {high}", records, "installed_size", low, high)
        for low, high in SIZES
    ]


def _equal(name: str, records: list[dict[str, Any]], of: str, value: str) -> Filter:
    rows = [number for number, record in enumerate(records) if record[of] == value]
    return Filter(name, {"property": of, "equal": value}, np.array(rows, dtype=np.int64))


def _range(name: str, records: list[dict[str, Any]], of: str, low: float, below: float) -> Filter:
    rows = [number for number, record in enumerate(records) if low <= record[of] < below]
    condition = {"property": of, "from": low, "below": below}
    return Filter(name, condition, np.array(rows, dtype=np.int64))
