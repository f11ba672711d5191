"""What is in this request body? Reading, unpacking, and JSON operations."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from functools import cache
from typing import TypeVar, cast

import msgspec
from starlette.requests import Request

from vecinity.errors import BodyTooLarge, InvalidRequest, UnknownContentType
from vecinity.server.call import Call

T = TypeVar("T", bound=msgspec.Struct)

_MEMBER_PATH = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)
_GZIP = 16 + zlib.MAX_WBITS
_DRAINED_BYTES = 256_000_000


async def read(request: Request, max_bytes: int) -> bytes:
    """The whole body, unpacked if it came as gzip.

    Raises:
        BodyTooLarge: as soon as that is known; the rest is not read.
    """
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > max_bytes:
        raise BodyTooLarge(max_bytes)
    unpack = _unpacker(request.headers.get("content-encoding", ""), max_bytes)
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += unpack(chunk)
        if len(chunks) > max_bytes:
            raise BodyTooLarge(max_bytes)
    unpack.finish()
    return bytes(chunks)


async def drain(request: Request) -> None:
    """Let the rest of a refused body arrive, unless it is very long.

    Between a binding and this server there are proxies of Cloudflare's tools, which lose an answer
    that comes before the request is sent.
    """
    left = _DRAINED_BYTES
    async for chunk in request.stream():
        left -= len(chunk)
        if left < 0:
            return


def json_body(call: Call, shape: type[T]) -> T:
    """The JSON body as a `shape`, whose unknown fields are noted, or refused in strict mode.

    Raises:
        InvalidRequest: 40026.
    """
    if call.media_type != "application/json":
        raise InvalidRequest.content_type()
    try:
        return msgspec.json.decode(call.body, type=shape)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        # Slower, but it says what is wrong, or takes a body that only has more than it needs.
        return _loose_body(call, shape)


def _loose_body(call: Call, shape: type[T]) -> T:
    try:
        value: T = msgspec.json.decode(call.body, type=_loose(shape))
        names = member_names(call.body)
    except msgspec.ValidationError as error:
        raise InvalidRequest(_reason(error)) from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidRequest(str(error)) from error
    note_unknown(call, names, shape)
    return value


@cache
def _loose(shape: type[T]) -> type[T]:
    """`shape`, but with members that are not known."""
    loose = msgspec.defstruct(shape.__name__, [], bases=(shape,), forbid_unknown_fields=False)
    return cast(type[T], loose)


def note_unknown(call: Call, names: Iterable[str], shape: type[msgspec.Struct]) -> None:
    """Note the `names` that `shape` does not have. Raises InvalidRequest in strict mode."""
    known = {field.encode_name for field in msgspec.structs.fields(shape)}
    for name in names:
        if name not in known:
            if call.settings.strict:
                raise InvalidRequest(f'unknown field "{name}"')
            call.note(f'unknown field "{name}"')


def member_names(body: bytes | msgspec.Raw) -> list[str]:
    """The names in a JSON object, without a look at their values. Raises as msgspec does."""
    return list(msgspec.json.decode(body, type=dict[str, msgspec.Raw]))


def place_of(body: bytes, member: str) -> str:
    """Where the value of a top-level member starts, as the service's parser says it."""
    found = re.search(rb'"%s"\s*:\s*' % member.encode(), body)
    before = body[: found.end()] if found else b""
    line = before.count(b"\n") + 1
    column = len(before) - (before.rfind(b"\n") + 1) + 1
    return f"line {line} column {column}"


def _reason(error: msgspec.ValidationError) -> str:
    """`topK: expected int, got str` from msgspec's words."""
    found = _MEMBER_PATH.match(str(error))
    assert found is not None
    what = found["what"].replace("`", "")
    what = what[:1].lower() + what[1:]
    return f"{found['path']}: {what}" if found["path"] else what


class _Plain:
    def __call__(self, chunk: bytes) -> bytes:
        return chunk

    def finish(self) -> None:
        """Nothing to check."""


class _Gzip:
    """Unpacks gzip of one or more members, never much more than is allowed."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._stream = zlib.decompressobj(_GZIP)

    def __call__(self, chunk: bytes) -> bytes:
        unpacked = b""
        while chunk:
            if self._stream.eof:
                self._stream = zlib.decompressobj(_GZIP)
            unpacked += self._unpack(chunk)
            chunk = self._stream.unused_data
        return unpacked

    def _unpack(self, chunk: bytes) -> bytes:
        try:
            unpacked = self._stream.decompress(chunk, self._max_bytes + 1)
        except zlib.error as error:
            raise InvalidRequest.of(f"content-encoding gzip: {error}") from error
        if self._stream.unconsumed_tail:
            raise BodyTooLarge(self._max_bytes)
        return unpacked

    def finish(self) -> None:
        if not self._stream.eof:
            raise InvalidRequest.of("content-encoding gzip: the body ends too early")


def _unpacker(encoding: str, max_bytes: int) -> _Plain | _Gzip:
    match encoding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip":
            return _Gzip(max_bytes)
        case _:
            raise UnknownContentType
