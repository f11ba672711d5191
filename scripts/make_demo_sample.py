"""Pick the demo's sample from the set debian-wordnet-384 and write it as package data.

    python scripts/make_demo_sample.py --data FOLDER

The sample holds about 2,000 WordNet definitions: all near neighbours of a few held-out queries,
and small groups of close neighbours from every section, so that any search finds its like. The
same set always gives the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

OUT = Path(__file__).parent.parent / "src" / "vecinity" / "demo"
SIZE = 2_000
GROUP = 12
"""Neighbours that are taken together."""

QUERIES = (168, 408, 48, 495)
"""Rows of the set's queries: clouds, a rocket engineer, slow, a hamburger."""

UNFIT = re.compile(r"\b(slurs?|offensive|obscen\w+|vulgar|disparag\w+|derogat\w+)\b", re.IGNORECASE)
"""What WordNet marks so has no place in a demo."""


@dataclass(frozen=True, slots=True)
class Source:
    """The set: its rows, their values, and its queries with their exact neighbours."""

    rows: list[dict[str, Any]]
    values: npt.NDArray[np.float16]
    queries: list[dict[str, str]]
    query_values: npt.NDArray[np.float32]
    neighbors: npt.NDArray[np.int32]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of debian-wordnet-384")
    source = read(parser.parse_args().data)
    chosen = choose(source)
    write(source, chosen)
    size = sum(path.stat().st_size for path in OUT.iterdir() if path.is_file())
    print(f"{len(chosen)} vectors; {OUT.name}/ holds {size / 1e6:.2f} MB")


def read(folder: Path) -> Source:
    with gzip.open(folder / "metadata.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return Source(
        rows,
        np.load(folder / "vectors.f16.npy"),
        json.loads((folder / "queries.json").read_text(encoding="utf-8")),
        np.load(folder / "queries.f32.npy"),
        np.load(folder / "neighbors.i32.npy"),
    )


def choose(source: Source) -> list[int]:
    """Row numbers of the sample, in the order of their ids."""
    fit = {
        number
        for number, row in enumerate(source.rows)
        if row["metadata"]["source"] == "wordnet" and not UNFIT.search(row["metadata"]["text"])
    }
    chosen = dict.fromkeys(int(row) for row in source.neighbors[list(QUERIES)].flat if row in fit)
    for group in groups(source, fit):
        chosen.update(dict.fromkeys(group))
        if len(chosen) >= SIZE:
            break
    return sorted(list(chosen)[:SIZE], key=lambda row: source.rows[row]["id"])


def groups(source: Source, fit: set[int]) -> Iterator[list[int]]:
    """Groups of neighbours: one of each section in turn, around seeds drawn by a hash."""
    sections: dict[str, list[int]] = {}
    for row in sorted(
        fit, key=lambda row: hashlib.sha256(source.rows[row]["id"].encode()).digest()
    ):
        sections.setdefault(source.rows[row]["metadata"]["section"], []).append(row)
    for turn in itertools.count():
        for name in sorted(sections):
            members = sections[name]
            if turn < len(members):
                yield around(source, members[turn], members)


def around(source: Source, seed: int, members: list[int]) -> list[int]:
    """The `GROUP` members nearest to `seed`, itself included."""
    values = source.values[members].astype(np.float32)
    similarity = values @ source.values[seed].astype(np.float32)
    return [members[place] for place in np.argsort(-similarity, kind="stable")[:GROUP]]


def write(source: Source, chosen: list[int]) -> None:
    records = [record(source.rows[row]) for row in chosen]
    (OUT / "records.jsonl.gz").write_bytes(packed(records))
    np.save(OUT / "vectors.f16.npy", source.values[chosen])
    texts = [source.queries[row]["text"] for row in QUERIES]
    (OUT / "queries.json").write_text(json.dumps(texts, indent=1) + "\n", encoding="utf-8")
    np.save(OUT / "queries.f32.npy", source.query_values[list(QUERIES)])


def record(row: dict[str, Any]) -> dict[str, Any]:
    """A vector without its values; the namespace is the part of speech."""
    metadata = {key: row["metadata"][key] for key in ("text", "section", "words")}
    return {"id": row["id"], "namespace": row["id"].split(":")[1], "metadata": metadata}


def packed(records: list[dict[str, Any]]) -> bytes:
    """Lines of JSON, compressed to the same bytes each time."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", filename="", mtime=0) as file:
        for each in records:
            file.write(json.dumps(each, ensure_ascii=False).encode() + b"\n")
    return buffer.getvalue()


if __name__ == "__main__":
    main()
