"""Vecinity: a vector database that speaks the Cloudflare Vectorize V2 API.

`open` runs the engine in this process; `connect` talks to a server. Both give a `Database`.
"""

from __future__ import annotations

import os

from vecinity.database import Database, Index
from vecinity.errors import CannotOpen, VectorizeError
from vecinity.limits import Profile
from vecinity.model import (
    IndexConfig,
    IndexDescription,
    IndexInfo,
    Match,
    MetadataIndex,
    Vector,
    VectorPage,
)

__version__ = "0.1.0"

__all__ = [
    "open",
    "connect",
    "Database",
    "Index",
    "Vector",
    "Match",
    "VectorPage",
    "IndexConfig",
    "IndexDescription",
    "IndexInfo",
    "MetadataIndex",
    "VectorizeError",
    "CannotOpen",
    "__version__",
]


def open(
    path: str | os.PathLike[str],
    *,
    profile: Profile = "cloudflare",
    account: str = "local",
    recall_target: float | None = None,
) -> Database:
    """The database in the directory `path`, created if missing; close it after use.

    Args:
        profile: "cloudflare" keeps the service's limits and semantics, "open" lifts them.
        account: whose indexes; matters for directories that a server wrote.
        recall_target: how many of the nearest vectors queries find in large indexes, 0.9 to 1,
            which is exact; 0.97 unless given.

    Raises:
        CannotOpen: another process, such as a running server, owns the directory; a newer version
            wrote it; or it is damaged.
    """
    from pathlib import Path

    from vecinity.limits import DEFAULT_RECALL, PROFILES
    from vecinity.local.engine import LocalEngine
    from vecinity.query import check_recall

    target = DEFAULT_RECALL if recall_target is None else recall_target
    check_recall(target)
    engine = LocalEngine(Path(path), profile=profile, recall_target=target)
    return Database(engine, PROFILES[profile], account)


def connect(
    url: str, *, token: str = "local", account: str = "local", timeout: float = 60.0
) -> Database:
    """The database of a server, such as http://127.0.0.1:8328; nothing is sent yet.

    Args:
        token: any text will do for a server on loopback that was started without one.
        timeout: seconds that one request may take.
    """
    from vecinity.client.remote import RemoteEngine
    from vecinity.limits import UNCHECKED

    return Database(RemoteEngine(url, token, timeout), UNCHECKED, account=account)
