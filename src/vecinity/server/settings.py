"""What a server was told at its start."""

from __future__ import annotations

from dataclasses import dataclass

from vecinity.limits import CLOUDFLARE, Limits, Profile


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Settings of a server; they never change while it runs.

    Attributes:
        token: the bearer token; None takes any, for a server that only loopback can reach.
        strict: refuse unknown fields and parameters instead of naming them in `messages`.
        allowed_origins: browser origins that may call, such as "http://localhost:5173".
        legacy_v1: create indexes of the legacy V1 API; those that exist can be used in any case.
    """

    profile: Profile = "cloudflare"
    limits: Limits = CLOUDFLARE
    token: str | None = None
    strict: bool = False
    allowed_origins: tuple[str, ...] = ()
    legacy_v1: bool = False
