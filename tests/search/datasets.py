"""Data sets of some hundred vectors, for many queries each: the same number, the same set."""

from __future__ import annotations

import random
from pathlib import Path

from tests.search import alphabets
from tests.search.alphabets import (
    COORDINATES,
    IDS,
    METADATA,
    METRICS,
    NAMESPACES,
    PATTERNS,
    PROFILES,
    PROPERTIES,
    TYPES,
)
from tests.search.compare import Pair, Shape
from tests.search.model import Json

_VECTORS = 120


def build(folder: Path, number: int) -> Pair:
    """Data set `number` in `folder`: written in batches, with upserts, deletions and metadata
    indexes in between, so that some vectors are older than an index."""
    dice = random.Random(number)
    profile = PROFILES[number % 2]
    dimensions = 32 if profile == "cloudflare" else dice.choice([2, 3, 4, 8])
    shape = Shape(profile, METRICS[number % 3], dimensions, dice.choice([5, 32, None]))
    pair = Pair(folder, shape)
    ids = [*IDS, *(f"v{n}" for n in range(_VECTORS))]
    late = dice.sample(list(PROPERTIES), 2)
    for name in PROPERTIES:
        if name not in late:
            pair.create_metadata_index(name, _type(dice, name))
    pair.upsert([_vector(dice, vector_id) for vector_id in ids[: len(ids) // 3]])
    for name in late:
        pair.create_metadata_index(name, _type(dice, name))
    pair.insert([_vector(dice, vector_id) for vector_id in ids])
    pair.delete(dice.sample(ids, len(ids) // 6))
    pair.upsert([_vector(dice, vector_id) for vector_id in dice.sample(ids, len(ids) // 4)])
    if dice.random() < 0.5:
        pair.reopen()
    return pair


def _type(dice: random.Random, name: str) -> str:
    return PROPERTIES[name] if dice.random() < 0.7 else dice.choice(TYPES)


def _vector(dice: random.Random, vector_id: str) -> dict[str, Json]:
    return {
        "id": vector_id,
        "values": dice.choice([dice.choice(PATTERNS), dice.choices(COORDINATES, k=4)]),
        "namespace": dice.choice(NAMESPACES),
        "metadata": _metadata(dice) if dice.random() < 0.9 else None,
    }


def _metadata(dice: random.Random) -> dict[str, Json]:
    return alphabets.metadata(*(dice.choice(values) for values in METADATA.values()))
