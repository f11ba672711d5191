"""The error classes that the scenario does not provoke, each with the reason."""

from __future__ import annotations

from vecinity import errors

MISCONFIGURED = {
    errors.AuthenticationError: "the binding has another token",
    errors.RouteNotFound: "the binding's address names an account that can't exist",
    errors.InvalidParameter: "the binding's address names no index for it",
}
"""What a binding that is set up wrongly shows, as the tests of workerd and miniflare check."""

ON_PURPOSE = {
    errors.StorageUnavailable: "it takes a failing disk",
    errors.TooManyRequests: "this server has no rate limit of its own",
    errors.InternalError: "no known input leads there",
}
"""What only a server that fails on purpose shows a binding here; the tests of workerd ask one."""

CROSSED = {errors.IncorrectApiVersion: "it takes an index of the other version"}
"""What the test of the V1 binding provokes."""

_NOT_ASKED = "a binding has no operation that asks for it"
_SOUND = "workerd writes sound HTTP requests"

UNREACHABLE = {
    errors.Forbidden: "a binding sends no Origin, and the Host that it names is taken",
    errors.MethodNotAllowed: "a binding uses each path with its own method",
    errors.UnknownContentType: "a binding sends NDJSON or JSON and says so",
    errors.UpgradeRefused: "miniflare 4 asks for a WebSocket beside the call, then ignores it",
    errors.MalformedRequest: _SOUND,
    errors.RequestTimeout: _SOUND,
    errors.HeadersTooLarge: _SOUND,
    errors.InvalidConfig: _NOT_ASKED,
    errors.DuplicateName: _NOT_ASKED,
    errors.InvalidName: _NOT_ASKED,
    errors.TooManyIndexes: _NOT_ASKED,
    errors.InvalidMetadataIndex: _NOT_ASKED,
    errors.TooManyMetadataIndexes: _NOT_ASKED,
    errors.MetadataIndexNotFound: _NOT_ASKED,
    errors.InvalidCount: _NOT_ASKED,
    errors.InvalidCursor: _NOT_ASKED,
    errors.ExpiredCursor: _NOT_ASKED,
    errors.UnsupportedPreview: "wrangler sees it, before there is a binding",
    errors.InvalidPreviewToken: "wrangler sees it, and asks for another token",
    errors.UnexpectedAnswer: "only the Python client raises it",
}
"""What no binding shows."""
