"""One request as an operation sees it, whatever surface it came through."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from vecinity.engine import LegacyEngine
from vecinity.errors import InvalidParameter
from vecinity.server.settings import ServerSettings


@dataclass(slots=True)
class Call:
    """A request whose body has arrived.

    Attributes:
        index: the name in the path; empty where the operation has none.
        content_type: as sent, or empty.
        recall_target: what the request's own header says, if anything: of a query, or a new index.
        notes: what the answer should mention, such as unknown fields.
    """

    engine: LegacyEngine
    settings: ServerSettings
    account: str
    index: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_type: str = ""
    recall_target: float | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def media_type(self) -> str:
        """The content type without parameters, in lower case; of several, the first."""
        return re.split("[;,]", self.content_type, maxsplit=1)[0].strip().lower()

    def allow_parameters(self, *known: str) -> None:
        """Note query-string parameters that are not `known`.

        Raises:
            InvalidParameter: in strict mode.
        """
        for name in self.parameters:
            if name not in known:
                if self.settings.strict:
                    raise InvalidParameter(f'unknown parameter "{name}"')
                self.note(f'unknown parameter "{name}"')

    def note(self, text: str) -> None:
        """Mention `text` once."""
        if text not in self.notes:
            self.notes.append(text)
