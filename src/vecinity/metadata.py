"""Metadata on its way in: its rules, and its form as compact JSON."""

from __future__ import annotations

from typing import Any

from vecinity.errors import InvalidMetadata, OversizedMetadata
from vecinity.limits import Limits
from vecinity.model import to_json

_MAX_NESTING = 128
"""Levels of objects and arrays in metadata: what the service's own JSON reader takes at most."""

_SCALARS = frozenset({str, int, float, bool, type(None)})
_CONTAINERS = (dict, list, tuple)
_MOST_KEYS = 1_000
"""Keys that an encoder remembers."""


class MetadataEncoder:
    """Checks metadata and encodes it; what it found right about a key it does not check again."""

    def __init__(self, limits: Limits) -> None:
        self._most = limits.metadata_bytes
        self._good_keys: set[str] = set()

    def encode(self, vector_id: str, metadata: dict[str, Any] | None) -> bytes | None:
        """`metadata` as compact JSON.

        Raises:
            InvalidMetadata: 40015, a key or the nesting breaks the rules.
            OversizedMetadata: 40016.
        """
        if metadata is None:
            return None
        if not self._good_keys.issuperset(metadata):
            self._look_at_keys(vector_id, metadata)
        if not _SCALARS.issuperset(map(type, metadata.values())):
            _check_keys(vector_id, metadata)
        try:
            encoded = to_json(metadata)
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidMetadata(vector_id, f"it must be JSON: {error}") from error
        if len(encoded) > self._most:
            raise OversizedMetadata(vector_id, self._most, len(encoded))
        return encoded

    def _look_at_keys(self, vector_id: str, metadata: dict[str, Any]) -> None:
        for key in metadata:
            _check_key(vector_id, key)
        if len(self._good_keys) < _MOST_KEYS:
            self._good_keys.update(metadata)


def _check_keys(vector_id: str, metadata: dict[str, Any]) -> None:
    level: list[Any] = [metadata]
    for _ in range(_MAX_NESTING):
        below: list[Any] = []
        for container in level:
            items = container
            if isinstance(container, dict):
                for key in container:
                    _check_key(vector_id, key)
                items = container.values()
            below += [item for item in items if isinstance(item, _CONTAINERS)]
        if not below:
            return
        level = below
    raise InvalidMetadata(vector_id, f"it is nested deeper than {_MAX_NESTING} levels")


def _check_key(vector_id: str, key: object) -> None:
    if not isinstance(key, str):
        raise InvalidMetadata(vector_id, "keys must be strings")
    if not key:
        raise InvalidMetadata(vector_id, "keys must not be empty")
    if key[0] == "$" or "." in key or '"' in key:
        raise InvalidMetadata(
            vector_id, f"key {key!r} must not start with $ nor contain a dot or a double quote"
        )
