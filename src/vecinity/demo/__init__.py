"""The demo's sample: 2,000 definitions of WordNet with their embeddings, and held-out queries.

scripts/make_demo_sample.py made it; LICENSE-WORDNET goes with it.
"""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from vecinity.metric import FloatArray
from vecinity.model import Vector, to_json

DIMENSIONS = 384
METADATA_INDEXES = {"section": "string", "words": "number"}
"""The filterable properties with their types; `text` is for reading only."""


@dataclass(frozen=True, slots=True)
class Query:
    """A definition that is not in the sample, though its nearest neighbours are."""

    text: str
    values: FloatArray


def vectors() -> list[Vector]:
    """The sample by id; the namespace is the part of speech: noun, verb, adj, adv."""
    values = _array("vectors.f16.npy").astype(np.float32)
    lines = gzip.decompress(_read("records.jsonl.gz")).splitlines()
    return [_vector(json.loads(line), row) for line, row in zip(lines, values, strict=True)]


def queries() -> dict[str, Query]:
    """The held-out queries by their first term."""
    texts = json.loads(_read("queries.json"))
    rows = _array("queries.f32.npy")
    found = [Query(text, row) for text, row in zip(texts, rows, strict=True)]
    return {query.text.replace(":", ",").split(",")[0]: query for query in found}


def _vector(record: dict[str, Any], values: FloatArray) -> Vector:
    return Vector(record["id"], values, record["namespace"], to_json(record["metadata"]))


def _array(name: str) -> FloatArray:
    array: FloatArray = np.load(io.BytesIO(_read(name)))
    return array


def _read(name: str) -> bytes:
    return resources.files(__name__).joinpath(name).read_bytes()
