"""The API's errors: one class per code, with its HTTP status and exact text.

Texts marked [W] in the contract were logged from the live service and are kept to the letter; the
others are ours (see docs/differences.md). Handlers never build error JSON from anything else.
"""

from __future__ import annotations

from typing import ClassVar, Self


class CannotOpen(Exception):
    """A data directory can't be used: it is in use, damaged, or of a newer version."""


class VectorizeError(Exception):
    """Base of every error that the API answers.

    Attributes:
        code: the API's numeric code, stable.
        status: the HTTP status that carries it.
        message: the exact text, as the Workers binding shows it.
        detail: more than the text may say; REST chains it to the error.
    """

    code: ClassVar[int]
    status: ClassVar[int] = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.detail = ""

    def with_detail(self, detail: str) -> Self:
        """This error, which also says `detail`."""
        self.detail = detail
        self.add_note(detail)
        return self

    @classmethod
    def of(cls, message: str) -> Self:
        """An instance with a text that came from elsewhere, such as a server's answer."""
        error = cls.__new__(cls)
        VectorizeError.__init__(error, message)
        return error


class AuthenticationError(VectorizeError):
    """No token, or one that is not known."""

    code = 10000
    status = 401

    def __init__(self) -> None:
        super().__init__("Authentication error")


class Forbidden(VectorizeError):
    """The caller is known but may not do this; a foreign browser origin is one such case."""

    code = 9109
    status = 403

    def __init__(self, why: str = "") -> None:
        text = "Unauthorized to access requested resource"
        super().__init__(f"{text}: {why}" if why else text)


class RouteNotFound(VectorizeError):
    code = 7003
    status = 404

    def __init__(self, path: str) -> None:
        super().__init__(f"Could not route to {path}, perhaps your object identifier is invalid?")


class MethodNotAllowed(VectorizeError):
    code = 10405
    status = 405

    def __init__(self) -> None:
        super().__init__("Method not allowed")


class MalformedRequest(VectorizeError):
    """What arrived is no HTTP request, or an ambiguous one."""

    code = 10400

    def __init__(self) -> None:
        super().__init__("malformed HTTP request")


class RequestTimeout(VectorizeError):
    """The request came slower than the server waits for."""

    code = 10408
    status = 408

    def __init__(self) -> None:
        super().__init__("request too slow")


class BodyTooLarge(VectorizeError):
    code = 10413
    status = 413

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"request body too large; max is {max_bytes} bytes")


class UpgradeRefused(VectorizeError):
    """A WebSocket was asked for, which miniflare does beside each of its requests."""

    code = 10426
    status = 426

    def __init__(self) -> None:
        super().__init__("no WebSocket here: send plain HTTP requests")


class UnsupportedPreview(VectorizeError):
    """A Worker's preview that needs more than remote Vectorize bindings."""

    code = 10422

    def __init__(self, why: str) -> None:
        super().__init__(f"this server plays remote Vectorize bindings only: {why}")


class InvalidPreviewToken(VectorizeError):
    """A preview token that is none of this server's; wrangler then asks for a new one."""

    code = 10049

    def __init__(self) -> None:
        super().__init__("Invalid Workers Preview configuration")


class HeadersTooLarge(VectorizeError):
    code = 10431
    status = 431

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"request headers too large; max is {max_bytes} bytes")


class UnknownContentType(VectorizeError):
    code = 1005

    def __init__(self) -> None:
        super().__init__("vectorize.unknown_content_type")


class NotEntitled(VectorizeError):
    """Indexes of the legacy V1 API are not created here; the service answers the same."""

    code = 1005
    status = 403

    def __init__(self) -> None:
        super().__init__("vectorize.not_entitled")


class IndexNotFound(VectorizeError):
    code = 3000
    status = 404

    def __init__(self, name: str) -> None:
        super().__init__(f'vectorize.index.not_found - Index name "{name}"')


class InvalidConfig(VectorizeError):
    code = 3001

    def __init__(self, why: str) -> None:
        super().__init__(f"vectorize.index.invalid_config - {why}")


class DuplicateName(VectorizeError):
    code = 3002

    def __init__(self, name: str) -> None:
        super().__init__(f'vectorize.index.duplicate_name - Index name "{name}"')


class InvalidName(VectorizeError):
    code = 3003

    def __init__(self, why: str) -> None:
        super().__init__(f"vectorize.index.invalid_name - {why}")


class IncorrectApiVersion(VectorizeError):
    code = 3004

    def __init__(self) -> None:
        super().__init__("vectorize.incorrect_api_version")


class IndexDeleted(VectorizeError):
    code = 3005
    status = 410

    def __init__(self, name: str) -> None:
        super().__init__(f'vectorize.index.deleted - Index name "{name}" was deleted')


class TooManyIndexes(VectorizeError):
    code = 3006

    def __init__(self, most: int) -> None:
        super().__init__(f"vectorize.index.too_many_indexes - max is {most} per account")


class InvalidMetadataIndex(VectorizeError):
    code = 40003

    def __init__(self, why: str) -> None:
        super().__init__(f"invalid metadata index: {why}")


class TooManyMetadataIndexes(VectorizeError):
    code = 40004

    def __init__(self, most: int) -> None:
        super().__init__(f"too many metadata indexes; max is {most}")


class MetadataIndexNotFound(VectorizeError):
    code = 40005

    def __init__(self, property_name: str) -> None:
        super().__init__(f'metadata index not found: "{property_name}"')


class InvalidQueryVector(VectorizeError):
    code = 40006

    def __init__(self, why: str) -> None:
        super().__init__(f"invalid query vector, {why}")

    @classmethod
    def dimensions(cls, expected: int, got: int) -> Self:
        return cls(f"expected {expected} dimensions, and got {got} dimensions")


class TooManyIds(VectorizeError):
    code = 40007

    def __init__(self, most: int, got: int) -> None:
        super().__init__(f"too many ids in payload; max id count is {most}, got {got}")


class InvalidId(VectorizeError):
    """An id that is too long (the live text) or empty (ours)."""

    code = 40008

    def __init__(self, max_bytes: int, got: int) -> None:
        if got:
            super().__init__(f"id too long; max is {max_bytes} bytes, got {got} bytes")
        else:
            super().__init__("id too short; min is 1 byte, got 0 bytes")


class NamespaceTooLong(VectorizeError):
    code = 40009

    def __init__(self, max_bytes: int, got: int) -> None:
        super().__init__(f"namespace too long; max is {max_bytes} bytes, got {got} bytes")


class InvalidVector(VectorizeError):
    code = 40012

    def __init__(self, vector_id: str, why: str) -> None:
        super().__init__(f'invalid vector for id="{vector_id}", {why}')

    @classmethod
    def dimensions(cls, vector_id: str, expected: int, got: int) -> Self:
        return cls(vector_id, f"expected {expected} dimensions, and got {got} dimensions")


class InvalidMetadata(VectorizeError):
    code = 40015

    def __init__(self, vector_id: str, why: str) -> None:
        super().__init__(f'invalid metadata for vector id="{vector_id}": {why}')


class OversizedMetadata(VectorizeError):
    code = 40016

    def __init__(self, vector_id: str, max_bytes: int, got: int) -> None:
        super().__init__(
            f'oversized metadata for vector id="{vector_id}"; the compact JSON representation '
            f"of the metadata must not exceed {max_bytes} bytes, got {got} bytes"
        )


class InvalidFilter(VectorizeError):
    code = 40022

    def __init__(self, why: str) -> None:
        super().__init__(f"invalid filter: {why}")


class UnparsableVectors(VectorizeError):
    """The body of an insert or upsert holds no vectors that can be read."""

    code = 40023

    def __init__(self, operation: str, form: str, where: str = "") -> None:
        text = f"failed to parse {operation} vectors request in {form} format"
        super().__init__(f"{text}: {where}" if where else text)

    @classmethod
    def line(cls, operation: str, number: int) -> Self:
        """Line `number`, counted from 0, is no vector."""
        return cls(operation, "ndjson", f"line Some({number}) was not expected format")

    @classmethod
    def unknown_field(cls, operation: str, form: str, number: int, name: str) -> Self:
        """Strict mode: vector `number`, counted from 0, has a field that is not known."""
        return cls(operation, form, f'line Some({number}) has an unknown field "{name}"')


class TooManyVectors(VectorizeError):
    code = 40024

    def __init__(self, most: int, got: int) -> None:
        super().__init__(f"too many vectors in payload; max vector count is {most}, got {got}")


class InvalidTopK(VectorizeError):
    code = 40025

    def __init__(self, bound: str, value: int, got: int) -> None:
        super().__init__(f"{bound} top K is {value}, but got {got}")

    @classmethod
    def with_payload(cls, most: int, most_without: int, got: int) -> Self:
        """Values or all metadata were asked for, which lowers the limit."""
        return cls.of(
            f"with returnValues=true or returnMetadata=all, max top K is {most}, but got {got}; "
            f"for a top K up to {most_without}, retry with returnValues=false and "
            "returnMetadata=indexed"
        )


class InvalidRequest(VectorizeError):
    """A JSON body that is none, or not of the operation's shape."""

    code = 40026

    def __init__(self, why: str) -> None:
        super().__init__(f"Failed to parse the request body as JSON: {why}")

    @classmethod
    def content_type(cls) -> Self:
        return cls.of("Expected request with `Content-Type: application/json`")


class InvalidCount(VectorizeError):
    code = 40027

    def __init__(self, why: str) -> None:
        super().__init__(f"invalid count; {why}")


class InvalidCursor(VectorizeError):
    code = 40028

    def __init__(self) -> None:
        super().__init__("invalid cursor")


class ExpiredCursor(VectorizeError):
    code = 40029

    def __init__(self) -> None:
        super().__init__("expired cursor")


class IndexFull(VectorizeError):
    code = 40030

    def __init__(self, what: str, most: int) -> None:
        super().__init__(f"index full; max {what} count is {most}")


class InvalidParameter(VectorizeError):
    """A query-string parameter that is unknown (in strict mode) or has a value it can't have."""

    code = 40031

    def __init__(self, why: str) -> None:
        super().__init__(f"invalid parameter: {why}")


class TooManyRequests(VectorizeError):
    code = 40041
    status = 429

    def __init__(self) -> None:
        super().__init__("Too Many Requests")


class StorageUnavailable(VectorizeError):
    """The disk is full, a write failed, or stored bytes do not match their checksum."""

    code = 40050
    status = 503

    def __init__(self, why: str) -> None:
        super().__init__(f"storage unavailable: {why}")


class InternalError(VectorizeError):
    """A bug of the server; no input on a healthy store leads here."""

    code = 10500
    status = 500

    def __init__(self) -> None:
        super().__init__("Internal server error")


class UnexpectedAnswer(VectorizeError):
    """A server answered something that is no Vectorize answer, or with a code unknown here."""

    code = 0
    status = 502


def by_code() -> dict[int, type[VectorizeError]]:
    """Every error class by its code; the first where two share one, as the service's 1005."""
    return {cls.code: cls for cls in reversed(VectorizeError.__subclasses__())}
