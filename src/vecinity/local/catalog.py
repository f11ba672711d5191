"""catalog.db: which indexes there are. The durable truth, with a copy in memory for reading."""

from __future__ import annotations

import secrets
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from vecinity.errors import DuplicateName, IndexDeleted, IndexNotFound, TooManyIndexes
from vecinity.local import format
from vecinity.local.files import open_writer
from vecinity.metric import Metric
from vecinity.model import IndexConfig, IndexDescription, now

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE indexes (
    uuid TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    dimensions INTEGER NOT NULL,
    metric TEXT NOT NULL,
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
        UnknownFormat: the directory was written by a newer version.
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
        self._creating: set[_Key] = set()
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

    def get(self, account: str, name: str) -> Entry:
        """Raises IndexNotFound or IndexDeleted."""
        entry = self._live.get((account, name))
        if entry is not None:
            return entry
        if (account, name) in self._deleted:
            raise IndexDeleted(name)
        raise IndexNotFound(name)

    def is_live(self, entry: Entry) -> bool:
        """Whether `entry` still is what its name stands for."""
        return self._live.get((entry.account, entry.description.name)) is entry

    def all(self) -> Sequence[Entry]:
        """Every live index of every account."""
        return sorted(self._live.values(), key=lambda entry: (entry.account, entry.uuid))

    def list(self, account: str) -> Sequence[Entry]:
        """The account's indexes by name."""
        entries = list(self._live.values())
        mine = (entry for entry in entries if entry.account == account)
        return sorted(mine, key=lambda entry: entry.description.name)

    def begin(
        self,
        account: str,
        name: str,
        config: IndexConfig,
        description: str | None,
        profile: str,
        most: int,
    ) -> Entry:
        """Reserve a name; `release` must follow, after `publish` or a failure.

        Raises:
            DuplicateName, TooManyIndexes
        """
        key = (account, name)
        time = now()
        about = IndexDescription(name, config, description, time, time)
        entry = Entry(str(uuid.uuid4()), account, about)
        row = (entry.uuid, account, name, description, config.dimensions, config.metric, profile)
        with self._lock:
            taken = self._live.keys() | self._creating
            if key in taken:
                raise DuplicateName(name)
            if sum(owner == account for owner, _ in taken) >= most:
                raise TooManyIndexes(most)
            with self._transaction():
                self._connection.execute(
                    "INSERT INTO indexes VALUES (?, ?, ?, ?, ?, ?, ?, 'creating', ?, ?)",
                    (*row, time.isoformat(), time.isoformat()),
                )
            self._creating.add(key)
        return entry

    def publish(self, entry: Entry) -> None:
        """Make a reserved index live."""
        self._set_state(entry, "live")
        key = (entry.account, entry.description.name)
        self._live[key] = entry
        self._deleted.discard(key)

    def release(self, entry: Entry) -> None:
        """End a reservation; if it was not published, its record goes at the next start."""
        self._creating.discard((entry.account, entry.description.name))

    def delete(self, entry: Entry) -> None:
        """From here on the index is gone; its files may follow."""
        key = (entry.account, entry.description.name)
        with self._lock:
            if self._live.get(key) is not entry:
                raise IndexDeleted(entry.description.name)
            self._set_state(entry, "deleted")
            del self._live[key]
            self._deleted.add(key)

    def close(self) -> None:
        self._connection.close()

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
        query = """SELECT uuid, account, name, description, dimensions, metric, state,
                   created_on, modified_on FROM indexes"""
        for row in self._connection.execute(query):
            found, account, name, description, dimensions, metric, state, created, modified = row
            if state == "deleted":
                self._deleted.add((account, name))
            elif state == "live":
                about = IndexDescription(
                    name,
                    IndexConfig(dimensions, Metric(metric)),
                    description,
                    datetime.fromisoformat(created),
                    datetime.fromisoformat(modified),
                )
                self._live[account, name] = Entry(found, account, about)
        self._deleted -= self._live.keys()
