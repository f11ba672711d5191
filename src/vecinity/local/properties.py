"""Reads some properties of encoded metadata, many rows at a time, and passes the others over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import msgspec


class Properties:
    """Reads the properties `names`, which stand at the top of metadata."""

    def __init__(self, names: Iterable[str]) -> None:
        wanted = sorted(set(names))
        plain = [name for name in wanted if _is_plain(name)]
        self._fields = {f"p{number}": name for number, name in enumerate(plain)}
        self._others = [name for name in wanted if not _is_plain(name)]
        record = msgspec.defstruct(
            "Metadata",
            [(field, Any, None) for field in self._fields],
            rename=self._fields,
            gc=False,
        )
        self._decoder = msgspec.json.Decoder(record)

    def read(self, metadata: Sequence[bytes]) -> dict[str, list[Any]]:
        """For each property its value in each of `metadata`; None where it is null or absent."""
        found = {}
        if self._fields:
            decoded = list(map(self._decoder.decode, metadata))
            for field, name in self._fields.items():
                found[name] = list(map(attrgetter(field), decoded))
        if self._others:
            whole = list(map(msgspec.json.decode, metadata))
            for name in self._others:
                found[name] = [each.get(name) for each in whole]
        return found


def _is_plain(name: str) -> bool:
    """Whether msgspec can look for it: JSON need not escape it."""
    return "\\" not in name and all(character >= " " for character in name)
