"""Reads a file of vectors, one JSON object a line, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import msgspec
import numpy as np

from vecinity.cli.command import Failure
from vecinity.cli.output import counted, warn
from vecinity.metric import FloatArray

_BATCH_BYTES = 64 * 2**20
"""A batch of longer lines is cut short, so that no request passes the API's 100 MB."""

_BOM = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Batch:
    """Vectors of a file with the lines and bytes they came from."""

    first: int
    last: int = 0
    size: int = 0
    vectors: list[dict[str, Any]] = field(default_factory=list)


class _Line(msgspec.Struct):
    id: str
    values: list[float]
    namespace: str | None = None
    metadata: dict[str, Any] | None = None


class _ExactLine(_Line, forbid_unknown_fields=True):
    pass


class Reader:
    """The batches of an open NDJSON file; the file is never held whole.

    Blank lines, `\\r\\n` and a byte order mark are tolerated, unknown fields named once.

    Raises:
        Failure: naming the line, when it is iterated.
    """

    def __init__(self, file: BinaryIO, name: str, batch_size: int) -> None:
        self._file = file
        self._name = name
        self._batch_size = batch_size
        self._exact = msgspec.json.Decoder(_ExactLine)
        self._lenient = msgspec.json.Decoder(_Line)
        self._warned = False
        self.sent = 0

    def before(self) -> str:
        """How much of the file was sent when something failed."""
        return f"{counted(self.sent, 'vector') if self.sent else 'nothing'} was sent before"

    def __iter__(self) -> Iterator[Batch]:
        batch = Batch(first=1)
        for number, line in enumerate(self._file, 1):
            batch.last = number
            batch.size += len(line)
            text = line.removeprefix(_BOM) if number == 1 else line
            if text.strip():
                batch.vectors.append(self._vector(text, number))
            if len(batch.vectors) == self._batch_size or batch.size >= _BATCH_BYTES:
                yield from self._passed(batch)
                batch = Batch(first=number + 1)
        yield from self._passed(batch)

    def _passed(self, batch: Batch) -> Iterator[Batch]:
        if batch.vectors:
            yield batch
            self.sent += len(batch.vectors)

    def _vector(self, text: bytes, number: int) -> dict[str, Any]:
        line = self._decoded(text, number)
        return {
            "id": line.id,
            "values": _float32(line.values),
            "namespace": line.namespace,
            "metadata": line.metadata,
        }

    def _decoded(self, text: bytes, number: int) -> _Line:
        try:
            return self._exact.decode(text)
        except msgspec.DecodeError as error:
            unknown = str(error)
        try:
            line = self._lenient.decode(text)
        except msgspec.DecodeError as error:
            raise Failure(
                f"{self._name}, line {number} is no vector: {error}\n({self.before()})"
            ) from error
        if not self._warned:
            self._warned = True
            warn(f"{self._name}, line {number}: {unknown}; such fields are left out")
        return line


def _float32(values: list[float]) -> FloatArray:
    # An overflow becomes the API's error where the batch is checked.
    with np.errstate(over="ignore"):
        return np.array(values, dtype=np.float32)
