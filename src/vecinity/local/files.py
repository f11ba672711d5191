"""The only place that opens files for writing: durable creation, positioned writes, the lock.

What is written here is on the disk when `sync`, `sync_folder` or a SQLite commit returned.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self

from vecinity.errors import CannotOpen

_READERS_CACHE_KB = 4_096
_WRITERS_CACHE_KB = 65_536
_CHECKPOINT_PAGES = 16_384
"""Pages of 4 KiB in the log before a commit also moves them home: random ids touch the same pages
of an index again and again, and they are moved once."""
_LOG_BYTES = 4_096 * _CHECKPOINT_PAGES


class DirectoryInUse(CannotOpen):
    """Another process owns the data directory."""


class DirectoryLock:
    """One writing process for a data directory, held until `release`.

    The lock is the kernel's: it ends with the process, however that ends.

    Raises:
        DirectoryInUse: with the owner's pid.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "vecinity.lock"
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise DirectoryInUse(
                f"{folder} is in use by process {owner or 'unknown'}; "
                "talk to its server, or stop it first"
            ) from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let another process in."""
        os.close(self._descriptor)


class RowFile:
    """A file of fixed-size rows that grows ahead of its contents.

    Rows are written at their place and are durable after `sync`. Bytes beyond the last committed
    row are nobody's.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    def create(cls, path: Path) -> Self:
        """A new empty file, its name durable; a leftover of the same name is emptied."""
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        file = cls(path, os.open(path, flags, 0o644))
        sync_folder(path.parent)
        return file

    @classmethod
    def open(cls, path: Path) -> Self:
        return cls(path, os.open(path, os.O_RDWR | os.O_CLOEXEC))

    @property
    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def grow(self, size: int) -> None:
        """Make the file `size` bytes long; the new part reads as zeros and takes no space yet."""
        os.ftruncate(self._descriptor, size)

    def write(self, data: memoryview, offset: int) -> None:
        """Write all of `data` at `offset`. Raises OSError, ENOSPC when the disk is full."""
        while data:
            written = os.pwrite(self._descriptor, data, offset)
            data = data[written:]
            offset += written

    def sync(self) -> None:
        """Return when all that was written is on the disk."""
        if hasattr(fcntl, "F_FULLFSYNC"):
            # macOS: its fsync leaves the data in the drive's cache
            fcntl.fcntl(self._descriptor, fcntl.F_FULLFSYNC)
        else:
            os.fdatasync(self._descriptor)

    def map(self) -> mmap.mmap:
        """The file's bytes, read-only; the mapping outlives this object."""
        return mmap.mmap(self._descriptor, 0, access=mmap.ACCESS_READ)

    def close(self) -> None:
        """Give the descriptor back; mappings stay. Closing twice is harmless."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


@contextlib.contextmanager
def new_file(path: Path, *, private: bool = False) -> Iterator[BinaryIO]:
    """What is written into it stands in `path` at the end, over what was there; all or nothing.

    It is durable when the context is left.

    Args:
        private: only its owner may read it.
    """
    beside = path.with_name(f"{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(beside, flags, 0o600 if private else 0o644)
    with contextlib.ExitStack() as undo:
        # on a full disk half a file would take the space that others need
        undo.callback(beside.unlink)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        undo.pop_all()
    sync_folder(path.parent)


def write_file(path: Path, *parts: bytes | memoryview, private: bool = False) -> None:
    """Put `parts` into `path`; see `new_file`."""
    with new_file(path, private=private) as file:
        for part in parts:
            file.write(part)


def map_file(path: Path) -> mmap.mmap:
    """The bytes of a file that is not empty, read-only."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    finally:
        os.close(descriptor)


def remove_file(path: Path) -> None:
    """Remove `path`; a missing one is no error. Not durable: a crash may bring it back."""
    path.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Create `path` and its parents where missing; their names are durable on return."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    sync_folder(path.parent)


def remove_folder(path: Path) -> None:
    """Remove `path` and all below it; a missing one is no error."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(path)
        sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make the names in `path` durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_writer(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """The one writing connection to a database: durable commits, transactions by hand.

    Args:
        create: make the database if it is missing.
    """
    new = create and not path.exists()
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )
    if new:
        # lets incremental_vacuum give free pages back; only an empty database takes it
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute(f"PRAGMA cache_size = -{_WRITERS_CACHE_KB}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
    if new:
        sync_folder(path.parent)
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("PRAGMA query_only = ON")
    connection.execute(f"PRAGMA cache_size = -{_READERS_CACHE_KB}")
    return connection
