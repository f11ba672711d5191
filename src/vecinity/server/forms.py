"""Bodies of multipart/form-data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

_SLICE_BYTES = 1_000_000


class InvalidForm(ValueError):
    """The body is no form, or not a whole one."""


@dataclass(slots=True)
class Part:
    """One part of a form."""

    name: bytes = b""
    is_file: bool = False
    data: bytearray = field(default_factory=bytearray)


def parts(content_type: str, body: bytes) -> list[Part]:
    """The parts of a form in their order.

    Raises:
        InvalidForm
    """
    try:
        return list(_parts(content_type, body))
    except FormParserError as error:
        raise InvalidForm(str(error)) from error


def _parts(content_type: str, body: bytes) -> Iterator[Part]:
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise InvalidForm("the content type names no boundary")
    found: list[Part] = []
    header: list[bytearray] = [bytearray(), bytearray()]
    ended = False

    def on_header_end() -> None:
        if bytes(header[0]).lower() == b"content-disposition":
            _, values = parse_options_header(bytes(header[1]))
            found[-1].name = values.get(b"name", b"")
            found[-1].is_file = b"filename" in values
        header[:] = [bytearray(), bytearray()]

    def on_end() -> None:
        nonlocal ended
        ended = True

    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": lambda: found.append(Part()),
            "on_header_field": lambda data, start, end: header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: header[1].extend(data[start:end]),
            "on_header_end": on_header_end,
            "on_part_data": lambda data, start, end: found[-1].data.extend(data[start:end]),
            "on_end": on_end,
        },
    )
    for start in range(0, len(body), _SLICE_BYTES):
        parser.write(body[start : start + _SLICE_BYTES])
    parser.finalize()
    if not ended:
        raise InvalidForm("the body ends before its last boundary")
    yield from found
