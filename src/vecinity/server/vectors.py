"""Vectors in a request body: every form that real clients send (contract.md section a.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from vecinity.batch import Batch, BatchBuilder, VectorRecord, no_vectors
from vecinity.errors import TooManyVectors, UnknownContentType, UnparsableVectors
from vecinity.server import forms
from vecinity.server.bodies import member_names
from vecinity.server.call import Call

_RAW_TYPES = ("", "application/x-ndjson", "application/json", "application/octet-stream")
_SLICE_BYTES = 1_000_000
_BOM = b"\xef\xbb\xbf"
_OBJECT_OF_VECTORS = re.compile(rb'\s*\{.{0,65536}?"vectors"\s*:', re.DOTALL)
_UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)


class _Loose(VectorRecord, forbid_unknown_fields=False):
    """A vector with members that are not known."""


class _ObjectOfVectors(msgspec.Struct):
    vectors: list[msgspec.Raw]


_record = msgspec.json.Decoder(VectorRecord)
_loose = msgspec.json.Decoder(_Loose)
_array = msgspec.json.Decoder(list[msgspec.Raw])
_object = msgspec.json.Decoder(_ObjectOfVectors)


@dataclass(slots=True)
class _Reading:
    """A body on its way to a batch."""

    call: Call
    operation: str
    builder: BatchBuilder
    discard: bool


def read_batch(call: Call, operation: str, dimensions: int, *, discard: bool) -> Batch:
    """The vectors in the body of an insert or upsert, all checked.

    Args:
        discard: leave out what cannot be parsed; what parses but breaks a rule is still an error.

    Raises:
        UnknownContentType, UnparsableVectors, TooManyVectors, and what `BatchBuilder` raises
    """
    body = _payload(call, operation).removeprefix(_BOM)
    if body[:64].lstrip()[:1] == b'"':
        body = _unquoted(operation, body)
    reading = _Reading(call, operation, BatchBuilder(dimensions, call.settings.limits), discard)
    items = _json_items(operation, body)
    if items is None:
        _read_ndjson(reading, body)
    else:
        _read_json(reading, items)
    if not len(reading.builder):
        raise no_vectors(operation, "ndjson" if items is None else "json")
    return reading.builder.build()


def _read_ndjson(reading: _Reading, body: bytes) -> None:
    _check_count(reading, body)
    first_line = 0
    for part in _slices(body):
        lines = part.count(b"\n") + (not part.endswith(b"\n"))
        records = _decoded_lines(part, lines)
        if records is None:
            records = [
                record
                for number, line in enumerate(part.split(b"\n"), first_line)
                if line.strip() and (record := _one(reading, "ndjson", number, line)) is not None
            ]
        reading.builder.add(records)
        first_line += lines


def _decoded_lines(part: bytes, lines: int) -> list[VectorRecord] | None:
    """All lines at once, or None if they have to be looked at one by one."""
    try:
        records = _record.decode_lines(part)
    except _UNREADABLE:
        return None
    return records if len(records) == lines else None


def _json_items(operation: str, body: bytes) -> list[msgspec.Raw] | None:
    """The vectors of a JSON array or of `{"vectors": [...]}`; None if the body is neither."""
    if body[:64].lstrip()[:1] == b"[":
        try:
            return _array.decode(body)
        except _UNREADABLE as error:
            raise UnparsableVectors(operation, "json").with_detail(str(error)) from error
    if not _OBJECT_OF_VECTORS.match(body):
        return None
    try:
        return _object.decode(body).vectors
    except _UNREADABLE as error:
        if not _is_object_of_vectors(body):
            return None
        raise UnparsableVectors(operation, "json").with_detail(str(error)) from error


def _is_object_of_vectors(body: bytes) -> bool:
    """Whether an unreadable body is not just lines of which one has a member of that name."""
    try:
        return "vectors" in member_names(body)
    except _UNREADABLE:
        return b"\n" not in body.strip()


def _read_json(reading: _Reading, items: list[msgspec.Raw]) -> None:
    most = reading.call.settings.limits.batch_vectors
    if len(items) > most:
        raise TooManyVectors(most, len(items))
    for start in range(0, len(items), 100):
        part = enumerate(items[start : start + 100], start)
        records = [_one(reading, "json", number, item) for number, item in part]
        reading.builder.add([record for record in records if record is not None])


def _one(
    reading: _Reading, form: str, number: int, data: bytes | msgspec.Raw
) -> VectorRecord | None:
    """One vector; None if it can't be read and such ones are to be left out."""
    try:
        return _record.decode(data)
    except _UNREADABLE as error:
        try:
            record, names = _loose.decode(data), member_names(data)
        except _UNREADABLE:
            if reading.discard:
                return None
            raise _unparsable(reading.operation, form, number, str(error)) from error
    for name in names:
        if name not in VectorRecord.__struct_fields__:
            if reading.call.settings.strict:
                raise UnparsableVectors.unknown_field(reading.operation, form, number, name)
            reading.call.note(f'unknown field "{name}"')
    return record


def _unparsable(operation: str, form: str, number: int, why: str) -> UnparsableVectors:
    if form == "ndjson":
        return UnparsableVectors.line(operation, number).with_detail(why)
    return UnparsableVectors(operation, form).with_detail(f"vector {number}: {why}")


def _check_count(reading: _Reading, body: bytes) -> None:
    """Refuse too many lines before any is read."""
    most = reading.call.settings.limits.batch_vectors
    if body.count(b"\n") >= most:
        lines = sum(1 for line in body.split(b"\n") if line.strip())
        if lines > most:
            raise TooManyVectors(most, lines)


def _slices(body: bytes) -> Iterator[bytes]:
    """`body` in parts of about 1 MB that end with a line, so that other threads get their turn."""
    start = 0
    while start < len(body):
        end = body.find(b"\n", start + _SLICE_BYTES) + 1 or len(body)
        yield body[start:end]
        start = end


def _unquoted(operation: str, body: bytes) -> bytes:
    """NDJSON that came as one JSON string: the Python SDK 4.3.1 can send nothing else."""
    try:
        return msgspec.json.decode(body, type=str).encode()
    except _UNREADABLE as error:
        raise UnparsableVectors(operation, "json").with_detail(str(error)) from error


def _payload(call: Call, operation: str) -> bytes:
    """The bytes that hold the vectors."""
    if call.media_type in _RAW_TYPES:
        return call.body
    if call.media_type != "multipart/form-data":
        raise UnknownContentType
    try:
        parts = forms.parts(call.content_type, call.body)
    except forms.InvalidForm as error:
        raise UnparsableVectors(operation, "multipart").with_detail(str(error)) from error
    for part in parts:
        if part.name == b"vectors":
            return bytes(part.data)
    for part in parts:
        if part.is_file:
            return bytes(part.data)
    why = 'there is no part named "vectors" and no file'
    raise UnparsableVectors(operation, "multipart").with_detail(why)
