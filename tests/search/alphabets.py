"""What the cases are made of: small alphabets, so that things meet, with nasty members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from tests.search.model import Json, Profile

T = TypeVar("T")


def weighted(usual: Sequence[T], rare: Sequence[T]) -> list[T]:
    """A list to choose from: about seven times of eight one of `usual`."""
    times = -(-7 * len(rare) // len(usual))
    return [*list(usual) * times, *rare]


PROFILES: list[Profile] = ["cloudflare", "open"]
METRICS = ["cosine", "euclidean", "dot-product"]

_ASCII_64 = "x" * 64
_WIDE_64 = "é" * 32

STRINGS = [
    "a", _ASCII_64 + "y", _WIDE_64[:-1] + "€", "", "b", "ab", "B", "é", "e\u0301", "\uffff", "😀",
    "a\x00b", "1", "true", "null", _ASCII_64, _ASCII_64 + "z", _ASCII_64[:-1] + "é",
    _ASCII_64[:-1] + "éa", _WIDE_64, _WIDE_64 + "a", _WIDE_64[:-1] + "😀",
]  # fmt: skip
"""Around the cut at 64 bytes, within and after characters; U+FFFF and U+1F600 sort differently as
UTF-16."""

NUMBERS: list[Json] = [
    1, 2, 0, -0.0, 1.0, -1, 2.5, 1e-300, -1e300, 1e15, 0.1, 2**53, 2**53 + 1, 2**63, 2**64,
    -(2**63),
]  # fmt: skip

BOOLEANS: list[Json] = [True, False]
SCALARS: list[Json] = [*STRINGS, *NUMBERS, *BOOLEANS, None]

OTHERS: list[Json] = [[], ["a"], ["a", 1, None], {}, {"c": "a"}, {"c": {"d": 1}}, [{"b": "a"}]]
"""Values that no metadata index holds, or only below a dot."""

PROPERTIES: dict[str, str] = {
    "a": "string",
    "b.c": "number",
    "n|m": "boolean",
    "b": "string",
    "b.c.d": "number",
    "é": "string",
}
"""What is filtered on, and the usual type of its index; "b" can be a scalar or hold others."""

TYPES = ["string", "number", "boolean"]

_USUAL: dict[str, list[Json]] = {
    "string": weighted(STRINGS[:4], STRINGS),
    "number": weighted(NUMBERS[:4], NUMBERS),
    "boolean": BOOLEANS,
}

OPERANDS = {name: weighted(_USUAL[type_], SCALARS) for name, type_ in PROPERTIES.items()}
"""What a filter compares a property with: mostly what it usually holds."""

ABSENT = "(absent)"
"""Stands for a property that a vector lacks."""

_D = [{"c": {"d": value}} for value in OPERANDS["b.c.d"]]
_C = [{"c": value, "x": [1]} for value in OPERANDS["b.c"]]

METADATA: dict[str, list[Json]] = {
    "a": weighted(OPERANDS["a"], [ABSENT, *OTHERS]),
    "b": weighted(weighted(_C, _D), [ABSENT, *OPERANDS["b"], *OTHERS]),
    "n|m": weighted(OPERANDS["n|m"], [ABSENT]),
    "é": weighted(OPERANDS["é"], [ABSENT]),
}
"""What a vector holds at the top of its metadata."""

IDS = ["a", "b", "c", "d", "é", "😀", "\uffff", "e", "B", "a\x00", "x" * 64, " "]
NAMESPACES = [None, "n", "", "N", "n\x00", "é" * 32]

COORDINATES = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 0.1, -3.75, 1e-30, -1e-30, 1e-45, 1e15, -1e15, 1e18]
"""Tiny ones whose squares vanish in float32, huge ones whose distances' squares overflow it."""

PATTERNS = [
    [0.0], [1.0], [-1.0], [1e-30], [-1e-30, 1e-30], [1e15], [1.0, 0.0], [0.0, 1.0], [1.0, 1e-30],
    [1e15, 1.0], [3e18, 0.0], [-3e18, 0.0], [1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0], [-0.0, 0.5],
    [1e9, -1e9, 2.0, 0.0], [1e9, 2.0, -1e9, 0.0], [1e9, -2.0, -1e9, 0.0], [-1e9, 0.5, 0.0, 1e9],
]  # fmt: skip
"""Vectors that meet again: equal, parallel, opposite, orthogonal ones, and sums that float32 can't
add up."""


def metadata(a: Json, b: Json, n_m: Json, e_acute: Json) -> dict[str, Json]:
    """Metadata of values from `METADATA`."""
    members: dict[str, Any] = {"a": a, "b": b, "n|m": n_m, "é": e_acute}
    return {name: value for name, value in members.items() if value != ABSENT}
