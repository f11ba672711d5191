"""Data sets of some hundred vectors, for many queries each: the same number, the same set."""

from __future__ import annotations

import random
from pathlib import Path

from tests.search.compare import Pair, Shape
from tests.search.model import Json
from tests.search.strategies import (
    COORDINATES,
    IDS,
    METRICS,
    NAMESPACES,
    NUMBERS,
    OTHERS,
    PROFILES,
    PROPERTIES,
    SCALARS,
    STRINGS,
)

_VECTORS = 120
_TYPES = ["string", "number", "boolean"]


def build(folder: Path, number: int) -> Pair:
    """Data set `number` in `folder`: written in batches, with upserts, deletions and metadata
    indexes in between, so that some vectors are older than an index."""
    dice = random.Random(number)
    profile = PROFILES[number % 2]
    dimensions = 32 if profile == "cloudflare" else dice.choice([2, 3, 8])
    shape = Shape(profile, METRICS[number % 3], dimensions, dice.choice([5, 32, None]))
    pair = Pair(folder, shape)
    ids = [*IDS, *(f"v{n}" for n in range(_VECTORS))]
    late = dice.sample(PROPERTIES, 2)
    for name in PROPERTIES:
        if name not in late:
            pair.create_metadata_index(name, dice.choice(_TYPES))
    pair.upsert([_vector(dice, vector_id) for vector_id in ids[: len(ids) // 3]])
    for name in late:
        pair.create_metadata_index(name, dice.choice(_TYPES))
    pair.insert([_vector(dice, vector_id) for vector_id in ids])
    pair.delete(dice.sample(ids, len(ids) // 6))
    pair.upsert([_vector(dice, vector_id) for vector_id in dice.sample(ids, len(ids) // 4)])
    return pair


def _vector(dice: random.Random, vector_id: str) -> dict[str, Json]:
    return {
        "id": vector_id,
        "values": dice.choices(COORDINATES, k=dice.choice([1, 2, 4])),
        "namespace": dice.choice(NAMESPACES),
        "metadata": _metadata(dice) if dice.random() < 0.9 else None,
    }


def _metadata(dice: random.Random) -> dict[str, Json]:
    values = {"a": _value(dice), "b": _value(dice), "n|m": _value(dice), "é": _value(dice)}
    if dice.random() < 0.5:
        values["b"] = {"c": _value(dice), "x": [1]}
    if dice.random() < 0.2:
        values["b"] = {"c": {"d": _value(dice)}}
    return {name: value for name, value in values.items() if dice.random() < 0.7}


def _value(dice: random.Random) -> Json:
    """Mostly of a type that can be indexed, each type about as often."""
    kind = dice.choice([STRINGS, NUMBERS, [True, False], SCALARS, OTHERS])
    return dice.choice(kind)
