"""Vectors as raw text, for what no JSON writer would write."""

from __future__ import annotations

import json

from tests.contract.api import padded

VALUES = json.dumps(padded(1.0))
EURO = "€"  # three bytes in UTF-8


def identified(vector_id: str) -> str:
    """A vector whose id is raw text."""
    return f'{{"id":{vector_id},"values":{VALUES}}}'


def valued(first: str) -> str:
    """A vector "a" whose first value is raw text."""
    return identified('"a"').replace("1.0", first, 1)


def extended(member: str) -> str:
    """A vector "a" with a raw member more."""
    return identified('"a"')[:-1] + f",{member}}}"


def nested(depth: int) -> str:
    """A vector "a" whose metadata has so many levels."""
    return extended('"metadata":' + '{"k":' * depth + "1" + "}" * depth)
