"""What is stored with an index when it is created and never changes."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Self, cast

from vecinity.limits import PROFILES, Limits, Profile, for_v1
from vecinity.metric import Metric
from vecinity.model import ApiVersion, IndexConfig


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """The settings of an index; its profile's semantics go with it, whoever opens it."""

    uuid: str
    config: IndexConfig
    version: ApiVersion
    profile: Profile
    segment_rows: int

    @property
    def indexed_string_bytes(self) -> int:
        """How much of a string a metadata index holds."""
        return PROFILES[self.profile].indexed_string_bytes

    @property
    def scans_metadata(self) -> bool:
        """Whether filters look at the metadata itself: V1 indexes have no metadata indexes."""
        return self.version == "v1"

    @property
    def is_synchronous(self) -> bool:
        """Whether writes are seen at once whatever the delay: V1 answers what they did."""
        return self.version == "v1"

    def limits(self, limits: Limits) -> Limits:
        """What of a server's or library's `limits` holds for this index."""
        return for_v1(limits) if self.version == "v1" else limits

    @property
    def backfill(self) -> bool:
        """Whether a new metadata index covers vectors that were written before."""
        return self.profile == "open"

    def save(self, connection: sqlite3.Connection) -> None:
        meta = {
            "uuid": self.uuid,
            "dimensions": str(self.config.dimensions),
            "metric": self.config.metric,
            "version": self.version,
            "profile": self.profile,
            "segment_rows": str(self.segment_rows),
        }
        if self.config.recall_target is not None:
            meta["recall_target"] = str(self.config.recall_target)
        connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())

    @classmethod
    def load(cls, connection: sqlite3.Connection) -> Self:
        meta = dict(connection.execute("SELECT key, value FROM meta"))
        recall = float(meta["recall_target"]) if "recall_target" in meta else None
        return cls(
            meta["uuid"],
            IndexConfig(int(meta["dimensions"]), Metric(meta["metric"]), recall),
            cast(ApiVersion, meta["version"]),
            cast(Profile, meta["profile"]),
            int(meta["segment_rows"]),
        )
