"""The error table: code, status and exact text of everything that the API answers."""

from __future__ import annotations

from collections import Counter

import pytest

from vecinity import errors
from vecinity.errors import VectorizeError, by_code

TABLE: list[tuple[VectorizeError, int, int, str]] = [
    (errors.AuthenticationError(), 10000, 401, "Authentication error"),
    (errors.Forbidden(), 9109, 403, "Unauthorized to access requested resource"),
    (
        errors.Forbidden("origin http://x.example"),
        9109,
        403,
        "Unauthorized to access requested resource: origin http://x.example",
    ),
    (
        errors.RouteNotFound("/client/v4/nowhere"),
        7003,
        404,
        "Could not route to /client/v4/nowhere, perhaps your object identifier is invalid?",
    ),
    (errors.MethodNotAllowed(), 10405, 405, "Method not allowed"),
    (errors.MalformedRequest(), 10400, 400, "malformed HTTP request"),
    (errors.RequestTimeout(), 10408, 408, "request too slow"),
    (errors.BodyTooLarge(9), 10413, 413, "request body too large; max is 9 bytes"),
    (errors.UpgradeRefused(), 10426, 426, "no WebSocket here: send plain HTTP requests"),
    (
        errors.UnsupportedPreview("so"),
        10422,
        400,
        "this server plays remote Vectorize bindings only: so",
    ),
    (errors.InvalidPreviewToken(), 10049, 400, "Invalid Workers Preview configuration"),
    (errors.HeadersTooLarge(9), 10431, 431, "request headers too large; max is 9 bytes"),
    (errors.UnknownContentType(), 1005, 400, "vectorize.unknown_content_type"),
    (errors.NotEntitled(), 1005, 403, "vectorize.not_entitled"),
    (errors.IndexNotFound("n"), 3000, 404, 'vectorize.index.not_found - Index name "n"'),
    (
        errors.InvalidConfig("Config must be provided"),
        3001,
        400,
        "vectorize.index.invalid_config - Config must be provided",
    ),
    (errors.DuplicateName("n"), 3002, 400, 'vectorize.index.duplicate_name - Index name "n"'),
    (errors.InvalidName("why"), 3003, 400, "vectorize.index.invalid_name - why"),
    (errors.IncorrectApiVersion(), 3004, 400, "vectorize.incorrect_api_version"),
    (errors.IndexDeleted("n"), 3005, 410, 'vectorize.index.deleted - Index name "n" was deleted'),
    (
        errors.TooManyIndexes(3),
        3006,
        400,
        "vectorize.index.too_many_indexes - max is 3 per account",
    ),
    (errors.InvalidMetadataIndex("why"), 40003, 400, "invalid metadata index: why"),
    (errors.TooManyMetadataIndexes(10), 40004, 400, "too many metadata indexes; max is 10"),
    (errors.MetadataIndexNotFound("p"), 40005, 400, 'metadata index not found: "p"'),
    (errors.InvalidQueryVector("why"), 40006, 400, "invalid query vector, why"),
    (
        errors.InvalidQueryVector.dimensions(1536, 768),
        40006,
        400,
        "invalid query vector, expected 1536 dimensions, and got 768 dimensions",
    ),
    (
        errors.TooManyIds(20, 92),
        40007,
        400,
        "too many ids in payload; max id count is 20, got 92",
    ),
    (errors.InvalidId(64, 74), 40008, 400, "id too long; max is 64 bytes, got 74 bytes"),
    (errors.InvalidId(64, 0), 40008, 400, "id too short; min is 1 byte, got 0 bytes"),
    (
        errors.NamespaceTooLong(64, 65),
        40009,
        400,
        "namespace too long; max is 64 bytes, got 65 bytes",
    ),
    (errors.InvalidVector("a", "why"), 40012, 400, 'invalid vector for id="a", why'),
    (
        errors.InvalidVector.dimensions("test.txt-chunk-0", 768, 1024),
        40012,
        400,
        'invalid vector for id="test.txt-chunk-0", '
        "expected 768 dimensions, and got 1024 dimensions",
    ),
    (errors.InvalidMetadata("a", "why"), 40015, 400, 'invalid metadata for vector id="a": why'),
    (
        errors.OversizedMetadata("a", 10240, 21326),
        40016,
        400,
        'oversized metadata for vector id="a"; the compact JSON representation of the metadata '
        "must not exceed 10240 bytes, got 21326 bytes",
    ),
    (errors.InvalidFilter("why"), 40022, 400, "invalid filter: why"),
    (
        errors.UnparsableVectors("upsert", "json"),
        40023,
        400,
        "failed to parse upsert vectors request in json format",
    ),
    (
        errors.UnparsableVectors.line("insert", 0),
        40023,
        400,
        "failed to parse insert vectors request in ndjson format: "
        "line Some(0) was not expected format",
    ),
    (
        errors.UnparsableVectors.unknown_field("insert", "json", 2, "vector"),
        40023,
        400,
        "failed to parse insert vectors request in json format: "
        'line Some(2) has an unknown field "vector"',
    ),
    (
        errors.TooManyVectors(5000, 5001),
        40024,
        400,
        "too many vectors in payload; max vector count is 5000, got 5001",
    ),
    (errors.InvalidTopK("max", 100, 101), 40025, 400, "max top K is 100, but got 101"),
    (errors.InvalidTopK("min", 1, 0), 40025, 400, "min top K is 1, but got 0"),
    (
        errors.InvalidTopK.with_payload(50, 100, 100),
        40025,
        400,
        "with returnValues=true or returnMetadata=all, max top K is 50, but got 100; for a top K "
        "up to 100, retry with returnValues=false and returnMetadata=indexed",
    ),
    (
        errors.InvalidRequest("returnMetadata: expected value at line 1 column 6956"),
        40026,
        400,
        "Failed to parse the request body as JSON: "
        "returnMetadata: expected value at line 1 column 6956",
    ),
    (
        errors.InvalidRequest.content_type(),
        40026,
        400,
        "Expected request with `Content-Type: application/json`",
    ),
    (errors.InvalidCount("why"), 40027, 400, "invalid count; why"),
    (errors.InvalidCursor(), 40028, 400, "invalid cursor"),
    (errors.ExpiredCursor(), 40029, 400, "expired cursor"),
    (errors.IndexFull("vector", 9), 40030, 400, "index full; max vector count is 9"),
    (errors.InvalidParameter("why"), 40031, 400, "invalid parameter: why"),
    (errors.TooManyRequests(), 40041, 429, "Too Many Requests"),
    (errors.StorageUnavailable("why"), 40050, 503, "storage unavailable: why"),
    (errors.InternalError(), 10500, 500, "Internal server error"),
    (errors.UnexpectedAnswer("an answer"), 0, 502, "an answer"),
]


@pytest.mark.parametrize(
    ("error", "code", "status", "text"), TABLE, ids=lambda value: type(value).__name__
)
def test_code_status_and_text(error: VectorizeError, code: int, status: int, text: str) -> None:
    assert (error.code, error.status, error.message, str(error)) == (code, status, text, text)


def test_no_error_is_without_a_row() -> None:
    assert {type(row[0]) for row in TABLE} == set(VectorizeError.__subclasses__())


def test_every_class_has_a_code_of_its_own_but_where_the_service_uses_one_twice() -> None:
    classes = VectorizeError.__subclasses__()
    codes = Counter(cls.code for cls in classes)
    assert {code for code, uses in codes.items() if uses > 1} == {1005}
    assert all(not cls.__subclasses__() for cls in classes)


def test_classes_are_found_by_code() -> None:
    rows = [row for row in TABLE if not isinstance(row[0], errors.NotEntitled)]
    assert by_code() == {code: type(error) for error, code, _, _ in rows}


@pytest.mark.parametrize("cls", VectorizeError.__subclasses__(), ids=lambda cls: cls.__name__)
def test_an_error_can_be_made_of_any_text(cls: type[VectorizeError]) -> None:
    error = cls.of("what a server said")
    assert type(error) is cls
    assert (error.message, str(error), error.detail) == ("what a server said",) * 2 + ("",)
    assert error.args == ("what a server said",)


def test_a_detail_stands_beside_the_text() -> None:
    error = errors.InvalidCursor()
    assert error.detail == ""
    assert error.with_detail("it was cut") is error
    assert (error.detail, error.message) == ("it was cut", "invalid cursor")
    assert error.__notes__ == ["it was cut"]
