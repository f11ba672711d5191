"""What a server was told at its start."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vecinity.limits import CLOUDFLARE, Limits, Profile
from vecinity.server.hints import HintLog

if TYPE_CHECKING:
    from vecinity.server.faults import Fault


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Settings of a server; they never change while it runs.

    Attributes:
        token: the bearer token; None takes any, for a server that only loopback can reach.
        strict: refuse unknown fields and parameters instead of naming them in `messages`.
        allowed_origins: browser origins that may call, such as "http://localhost:5173".
        faults: errors on purpose; the first that strikes a call is its answer.
        hints: what the log says once; settings that are derived from others share it.
        legacy_v1: create indexes of the legacy V1 API; those that exist can be used in any case.
    """

    profile: Profile = "cloudflare"
    limits: Limits = CLOUDFLARE
    token: str | None = None
    strict: bool = False
    allowed_origins: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    hints: HintLog = field(default_factory=HintLog, repr=False, compare=False)
    legacy_v1: bool = False
