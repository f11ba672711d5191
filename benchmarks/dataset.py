"""The real embeddings: 89,112 vectors with metadata, 500 queries, their exact neighbours."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import orjson

from vecinity.metric import FloatArray

METADATA_INDEXES = {
    "source": "string",
    "section": "string",
    "words": "number",
    "has_homepage": "boolean",
}


@dataclass(frozen=True, slots=True)
class Dataset:
    """Attributes:
    vectors: (n, 384); queries: (500, 384); similarities: (500, 100), best first.
    """

    ids: list[str]
    metadata: list[dict[str, Any]]
    vectors: FloatArray
    queries: FloatArray
    similarities: FloatArray

    @classmethod
    def load(cls, folder: Path) -> Self:
        with gzip.open(folder / "metadata.jsonl.gz") as lines:
            records = [json.loads(line) for line in lines]
        return cls(
            [record["id"] for record in records],
            [record["metadata"] for record in records],
            np.load(folder / "vectors.f16.npy").astype(np.float32),
            np.load(folder / "queries.f32.npy"),
            np.load(folder / "similarities.f32.npy"),
        )

    def ndjson(self, batch: int) -> list[bytes]:
        """The whole set as request bodies of `batch` lines each."""
        lines = [
            orjson.dumps(
                {"id": vector_id, "values": values, "metadata": metadata},
                option=orjson.OPT_SERIALIZE_NUMPY,
            )
            for vector_id, values, metadata in zip(
                self.ids, self.vectors, self.metadata, strict=True
            )
        ]
        return [b"\n".join(lines[start : start + batch]) for start in range(0, len(lines), batch)]
