"""catalog.db: which indexes there are. The durable truth, with a copy in memory for reading."""

from __future__ import annotations

import secrets
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from vecinity.errors import (
    DuplicateName,
    IncorrectApiVersion,
    IndexDeleted,
    IndexNotFound,
    TooManyIndexes,
)
from vecinity.local import format
from vecinity.local.files import open_writer
from vecinity.metric import Metric
from vecinity.model import ApiVersion, IndexConfig, IndexDescription, now

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE indexes (
    uuid TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    dimensions INTEGER NOT NULL,
    metric TEXT NOT NULL,
    recall_target REAL,             -- NULL: who opens the directory says
    version TEXT NOT NULL,          -- v1, v2
    profile TEXT NOT NULL,
    state TEXT NOT NULL,            -- creating, live, deleted
    created_on TEXT NOT NULL,
    modified_on TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX live_names ON indexes (account, name) WHERE state = 'live';
"""

_Key: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """A live index."""

    uuid: str
    account: str
    description: IndexDescription


class Catalog:
    """All indexes of a data directory, by account and name.

    Raises:
        UnknownFormat: the directory was written by a version with another format.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._connection = open_writer(path, create=True)
        if format.check(self._connection, path):
            with self._transaction():
                for statement in _SCHEMA.split(";"):
                    self._connection.execute(statement)
                key = secrets.token_bytes(32)
                self._connection.execute("INSERT INTO meta VALUES ('cursor_key', ?)", (key,))
                format.stamp(self._connection)
        self._live: dict[_Key, Entry] = {}
        self._deleted: set[_Key] = set()
        self._creating: dict[_Key, ApiVersion] = {}
        self._load()

    @property
    def cursor_key(self) -> bytes:
        """A secret of this data directory, which signs list cursors."""
        query = "SELECT value FROM meta WHERE key = 'cursor_key'"
        key: bytes = self._connection.execute(query).fetchone()[0]
        return key

    def leftovers(self) -> Sequence[str]:
        """The uuids of indexes that are deleted, or whose creation a crash cut short."""
        query = "SELECT uuid FROM indexes WHERE state != 'live'"
        return [found for (found,) in self._connection.execute(query)]

    def forget_unfinished(self) -> None:
        """Drop the records of creations that a crash cut short."""
        with self._transaction():
            self._connection.execute("DELETE FROM indexes WHERE state = 'creating'")

    def get(self, account: str, name: str, version: ApiVersion) -> Entry:
        """Raises IndexNotFound, IndexDeleted or IncorrectApiVersion."""
        entry = self._live.get((account, name))
        if entry is not None:
            if entry.description.version != version:
                raise IncorrectApiVersion
            return entry
        if (account, name) in self._deleted:
            raise IndexDeleted(name)
        raise IndexNotFound(name)

    def is_live(self, entry: Entry) -> bool:
        """Whether the index of `entry` still is what its name stands for."""
        found = self._live.get((entry.account, entry.description.name))
        return found is not None and found.uuid == entry.uuid

    def all(self) -> Sequence[Entry]:
        """Every live index of every account."""
        return sorted(self._live.values(), key=lambda entry: (entry.account, entry.uuid))

    def list(self, account: str, version: ApiVersion) -> Sequence[Entry]:
        """The account's indexes of a version by name."""
        entries = list(self._live.values())
        mine = (
            entry
            for entry in entries
            if entry.account == account and entry.description.version == version
        )
        return sorted(mine, key=lambda entry: entry.description.name)

    def begin(
        self,
        account: str,
        name: str,
        config: IndexConfig,
        description: str | None,
        version: ApiVersion,
        profile: str,
        most: int,
    ) -> Entry:
        """Reserve a name; `release` must follow, after `publish` or a failure.

        Args:
            most: indexes of this version that the account may have.

        Raises:
            DuplicateName, TooManyIndexes
        """
        key = (account, name)
        time = now()
        about = IndexDescription(name, config, description, time, time, version)
        entry = Entry(str(uuid.uuid4()), account, about)
        held = (config.dimensions, config.metric, config.recall_target)
        row = (entry.uuid, *key, description, *held, version, profile)
        with self._lock:
            taken = self._taken(account)
            if name in taken:
                raise DuplicateName(name)
            if list(taken.values()).count(version) >= most:
                raise TooManyIndexes(most)
            with self._transaction():
                self._connection.execute(
                    "INSERT INTO indexes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'creating', ?, ?)",
                    (*row, time.isoformat(), time.isoformat()),
                )
            self._creating[key] = version
        return entry

    def publish(self, entry: Entry) -> None:
        """Make a reserved index live."""
        key = (entry.account, entry.description.name)
        with self._lock:
            self._set_state(entry, "live")
            self._live[key] = entry
            self._deleted.discard(key)

    def release(self, entry: Entry) -> None:
        """End a reservation; if it was not published, its record goes at the next start."""
        with self._lock:
            self._creating.pop((entry.account, entry.description.name), None)

    def describe(self, entry: Entry, description: str | None) -> Entry:
        """Replace an index's description. Raises IndexDeleted."""
        with self._lock:
            if not self.is_live(entry):
                raise IndexDeleted(entry.description.name)
            about = replace(entry.description, description=description, modified_on=now())
            with self._transaction():
                self._connection.execute(
                    "UPDATE indexes SET description = ?, modified_on = ? WHERE uuid = ?",
                    (description, about.modified_on.isoformat(), entry.uuid),
                )
            changed = replace(entry, description=about)
            self._live[entry.account, about.name] = changed
        return changed

    def delete(self, entry: Entry) -> None:
        """From here on the index is gone; its files may follow."""
        key = (entry.account, entry.description.name)
        with self._lock:
            if not self.is_live(entry):
                raise IndexDeleted(entry.description.name)
            self._set_state(entry, "deleted")
            del self._live[key]
            self._deleted.add(key)

    def close(self) -> None:
        self._connection.close()

    def _taken(self, account: str) -> dict[str, ApiVersion]:
        """The account's names in use, with the version of each index."""
        taken = {
            name: version for (owner, name), version in self._creating.items() if owner == account
        }
        for (owner, name), entry in self._live.items():
            if owner == account:
                taken[name] = entry.description.version
        return taken

    def _set_state(self, entry: Entry, state: str) -> None:
        with self._transaction():
            self._connection.execute(
                "UPDATE indexes SET state = ? WHERE uuid = ?", (state, entry.uuid)
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield

    def _load(self) -> None:
        query = """SELECT state, account, name, uuid, dimensions, metric, recall_target,
                   description, created_on, modified_on, version FROM indexes"""
        for state, account, name, *stored in self._connection.execute(query):
            if state == "deleted":
                self._deleted.add((account, name))
            elif state == "live":
                self._live[account, name] = _entry(account, name, *stored)
        self._deleted -= self._live.keys()


def _entry(
    account: str,
    name: str,
    uuid: str,
    dimensions: int,
    metric: str,
    recall_target: float | None,
    description: str | None,
    created_on: str,
    modified_on: str,
    version: ApiVersion,
) -> Entry:
    """A live index from the columns of its record."""
    about = IndexDescription(
        name,
        IndexConfig(dimensions, Metric(metric), recall_target),
        description,
        datetime.fromisoformat(created_on),
        datetime.fromisoformat(modified_on),
        version,
    )
    return Entry(uuid, account, about)
