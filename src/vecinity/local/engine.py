"""The embedded engine: a data directory of indexes, owned by one process."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from vecinity.batch import Batch
from vecinity.errors import CannotOpen, IndexDeleted, StorageUnavailable
from vecinity.limits import DEFAULT_RECALL, PROFILES, Limits, Profile, for_v1
from vecinity.local import index as indexes
from vecinity.local import verify
from vecinity.local.background import IDLE_SECONDS, Background
from vecinity.local.blocks import TAIL_ROWS
from vecinity.local.catalog import Catalog, Entry
from vecinity.local.files import DirectoryLock, make_folder, remove_folder
from vecinity.local.follower import Change
from vecinity.local.index import OpenIndex
from vecinity.local.maintenance import Maintenance
from vecinity.local.mutations import (
    CreateMetadataIndex,
    Delete,
    DeleteMetadataIndex,
    Insert,
    Mutation,
    Upsert,
)
from vecinity.local.pool import IndexPool
from vecinity.local.rows import SEGMENT_ROWS
from vecinity.local.settings import IndexSettings
from vecinity.local.visibility import Clock
from vecinity.metric import FloatArray
from vecinity.model import (
    ApiVersion,
    IndexConfig,
    IndexDescription,
    IndexInfo,
    Indexing,
    Match,
    MetadataIndex,
    MetadataType,
    Vector,
    VectorPage,
)
from vecinity.query import QueryOptions

_DISK_ERRORS = (OSError, sqlite3.Error, CannotOpen)
"""What the disk, SQLite or a data directory raises."""


class LocalEngine:
    """Implements `vecinity.engine.LegacyEngine` on a directory.

    Args:
        folder: the data directory; created if missing.
        profile: the semantics of indexes created here, and the limits unless `limits` says others.
        segment_rows: rows a segment file of indexes created here.
        open_indexes: how many idle indexes stay open; by default what the file limit allows.
        visibility_delay: seconds after which a durable mutation becomes visible, as in production;
            it holds for the indexes of this object, not for the data: reopened, another one can.
        recall_target: the share of the nearest queries find unless they or an index say otherwise.
        tail_rows: how many rows of an index without codes are sealed in a block.
        clock: the present in seconds since 1970, for the times that are stored.

    Raises:
        CannotOpen: another process owns the directory, its format is not ours, or its
            catalogue can't be read.
    """

    def __init__(
        self,
        folder: Path,
        *,
        profile: Profile = "cloudflare",
        limits: Limits | None = None,
        segment_rows: int = SEGMENT_ROWS,
        open_indexes: int | None = None,
        visibility_delay: float = 0.0,
        recall_target: float = DEFAULT_RECALL,
        tail_rows: int = TAIL_ROWS,
        clock: Clock = time.time,
    ) -> None:
        self._folder = folder
        self._profile: Profile = profile
        self._limits = limits or PROFILES[profile]
        self._segment_rows = segment_rows
        self._visibility_delay = visibility_delay
        self._recall_target = recall_target
        self._tail_rows = tail_rows
        self._clock = clock
        self._closed = False
        make_folder(folder / "indexes")
        with ExitStack() as undo:
            self._lock = DirectoryLock(folder)
            undo.callback(self._lock.release)
            try:
                self._catalog = Catalog(folder / "catalog.db")
                for uuid in self._catalog.leftovers():
                    remove_folder(self._index_folder(uuid))
                self._catalog.forget_unfinished()
                self._cursor_key = self._catalog.cursor_key
            except sqlite3.Error as error:
                raise CannotOpen(f"{folder / 'catalog.db'}: {error}") from error
            undo.pop_all()
        self._maintenance = Maintenance()
        self._pool = IndexPool(self._open, open_indexes)
        self._background = Background(self._pool.use)

    def create_index(
        self,
        account: str,
        name: str,
        config: IndexConfig,
        description: str | None,
        version: ApiVersion = "v2",
    ) -> IndexDescription:
        limits = for_v1(self._limits) if version == "v1" else self._limits
        most = limits.indexes_per_account
        with _storage_errors():
            entry = self._catalog.begin(
                account, name, config, description, version, self._profile, most
            )
            try:
                self._create_files(entry)
                self._catalog.publish(entry)
            finally:
                self._catalog.release(entry)
        return entry.description

    def list_indexes(self, account: str, version: ApiVersion = "v2") -> list[IndexDescription]:
        return [entry.description for entry in self._catalog.list(account, version)]

    def get_index(self, account: str, name: str, version: ApiVersion = "v2") -> IndexDescription:
        return self._catalog.get(account, name, version).description

    def update_description(
        self, account: str, name: str, description: str | None
    ) -> IndexDescription:
        with _storage_errors():
            entry = self._catalog.get(account, name, "v1")
            return self._catalog.describe(entry, description).description

    def delete_index(self, account: str, name: str, version: ApiVersion = "v2") -> None:
        entry = self._catalog.get(account, name, version)
        with _storage_errors():
            self._catalog.delete(entry)
            self._background.forget(entry.uuid)
            self._pool.close(entry.uuid)
            remove_folder(self._index_folder(entry.uuid))

    def open_index(self, account: str, name: str, version: ApiVersion = "v2") -> LocalIndex:
        entry = self._catalog.get(account, name, version)
        return LocalIndex(entry, self._catalog, self._pool, self._background)

    def index_now(self) -> None:
        for index in self._pool.open_indexes():
            if index.has_work:
                self._background.hurry(index.settings.uuid)

    def indexing(self) -> Indexing:
        waiting = [index.waiting for index in self._pool.open_indexes()]
        return Indexing(sum(waiting), sum(map(bool, waiting)))

    def verify(self) -> Iterator[str]:
        """Check every index against its checksums; yields what is wrong."""
        for entry in self._catalog.all():
            for problem in verify.problems(self._index_folder(entry.uuid)):
                yield f"{entry.account}/{entry.description.name}: {problem}"

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._background.close()
            self._pool.close_all()
            self._maintenance.close()
            self._catalog.close()
            self._lock.release()

    def _create_files(self, entry: Entry) -> None:
        """Make the files of an index. Once they are there only a start removes them: a publication
        of unknown outcome may have made them live."""
        folder = self._index_folder(entry.uuid)
        about = entry.description
        settings = IndexSettings(
            entry.uuid, about.config, about.version, self._profile, self._segment_rows
        )
        with ExitStack() as undo:
            undo.callback(remove_folder, folder)
            indexes.create(folder, settings)
            undo.pop_all()

    def _open(self, uuid: str) -> OpenIndex:
        index = OpenIndex(
            self._index_folder(uuid),
            self._limits,
            self._cursor_key,
            self._maintenance,
            visibility_delay=self._visibility_delay,
            clock=self._clock,
            recall_target=self._recall_target,
            tail_rows=self._tail_rows,
        )
        if index.has_work:
            self._background.poke(uuid, IDLE_SECONDS)
        return index

    def _index_folder(self, uuid: str) -> Path:
        return self._folder / "indexes" / uuid


class LocalIndex:
    """Implements `vecinity.engine.LegacyIndex`: a light handle on what the pool holds."""

    def __init__(
        self, entry: Entry, catalog: Catalog, pool: IndexPool, background: Background
    ) -> None:
        self._entry = entry
        self._catalog = catalog
        self._pool = pool
        self._background = background

    @property
    def id(self) -> str:
        return self._entry.uuid

    @property
    def config(self) -> IndexConfig:
        return self._entry.description.config

    def insert(self, batch: Batch) -> str:
        return self._submit(Insert(batch)).mutation.uuid

    def upsert(self, batch: Batch) -> str:
        return self._submit(Upsert(batch)).mutation.uuid

    def delete_by_ids(self, ids: Sequence[str]) -> str:
        return self._submit(Delete(ids)).mutation.uuid

    def insert_ids(self, batch: Batch) -> list[str]:
        return list(self._submit(Insert(batch)).ids)

    def upsert_ids(self, batch: Batch) -> list[str]:
        return list(self._submit(Upsert(batch)).ids)

    def delete_ids(self, ids: Sequence[str]) -> list[str]:
        return list(self._submit(Delete(ids)).ids)

    def get_by_ids(self, ids: Sequence[str]) -> list[Vector]:
        with self._use() as index:
            return index.get_by_ids(ids)

    def query(self, vector: FloatArray, options: QueryOptions) -> list[Match]:
        with self._use() as index:
            return index.query(vector, options)

    def query_by_id(self, vector_id: str, options: QueryOptions) -> list[Match]:
        with self._use() as index:
            return index.query_by_id(vector_id, options)

    def list_vectors(self, count: int, cursor: str | None) -> VectorPage:
        with self._use() as index:
            return index.list_vectors(count, cursor)

    def info(self) -> IndexInfo:
        with self._use() as index:
            return index.info()

    def create_metadata_index(self, property_name: str, type: MetadataType) -> str:
        with self._use() as index:
            backfill = index.settings.backfill
            change = index.submit(CreateMetadataIndex(property_name, type, backfill))
        return change.mutation.uuid

    def delete_metadata_index(self, property_name: str) -> str:
        return self._submit(DeleteMetadataIndex(property_name)).mutation.uuid

    def list_metadata_indexes(self) -> list[MetadataIndex]:
        with self._use() as index:
            return index.list_metadata_indexes()

    def _submit(self, mutation: Mutation) -> Change:
        with self._use() as index:
            change = index.submit(mutation)
            full, work = index.tail_is_full, index.has_work
        if full or work:
            self._background.poke(self._entry.uuid, 0.0 if full else IDLE_SECONDS)
        return change

    def _use(self) -> _Use:
        return _Use(self._entry, self._catalog, self._pool)


class _Use:
    """An open index for the time of a `with` block, and the API's errors for what goes wrong there.

    Raises:
        IndexDeleted, StorageUnavailable
    """

    # every query comes through here: a class enters in a third of the time of a generator

    __slots__ = ("_catalog", "_entry", "_pool")

    def __init__(self, entry: Entry, catalog: Catalog, pool: IndexPool) -> None:
        self._entry = entry
        self._catalog = catalog
        self._pool = pool

    def __enter__(self) -> OpenIndex:
        self._check_is_live()
        try:
            return self._pool.take(self._entry.uuid)
        except Exception as error:
            self._translate(error)
            raise

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._pool.give_back(self._entry.uuid)
        if error is not None:
            self._translate(error)

    def _translate(self, error: BaseException) -> None:
        if isinstance(error, (*_DISK_ERRORS, StorageUnavailable)):
            self._check_is_live(error)
        if isinstance(error, _DISK_ERRORS):
            raise StorageUnavailable(str(error)) from error

    def _check_is_live(self, error: BaseException | None = None) -> None:
        if not self._catalog.is_live(self._entry):
            raise IndexDeleted(self._entry.description.name) from error


@contextmanager
def _storage_errors() -> Iterator[None]:
    """What the disk or SQLite raises becomes the API's error."""
    try:
        yield
    except _DISK_ERRORS as error:
        raise StorageUnavailable(str(error)) from error
