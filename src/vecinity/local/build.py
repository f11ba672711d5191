"""Builds derived files from the truth: heads, and blocks: trains, encodes, measures."""

from __future__ import annotations

import dataclasses
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from pyroaring import BitMap

from vecinity.local import block as blocks
from vecinity.local import graves, heads, segment_records, store
from vecinity.local.bits import rows_of
from vecinity.local.block import Block, DamagedBlock
from vecinity.local.blocks import Job
from vecinity.local.codes import Codes, prepared
from vecinity.local.encoder import Encoder, sample_size
from vecinity.local.files import make_folder, open_reader
from vecinity.local.neighbors import Neighbors
from vecinity.local.recall import RANKS, Curves
from vecinity.local.rows import RowNumbers, open_stored
from vecinity.local.settings import IndexSettings
from vecinity.local.values import Values
from vecinity.metric import FloatArray

_CHUNK_VALUES = 3 << 20
"""Of larger arrays malloc takes each page from the system anew, every time: a third slower."""

_LOSS_ROWS = 1_000
_QUERIES = 200
_MANY_QUERIES = 600
_MANY_FROM = 500_000
_USUAL_K = 10
_USUAL_RECALL = 0.99

_log = logging.getLogger(__name__)


def build(folder: Path, job: Job) -> Path | None:
    """Write the file that `job` names, of the index in `folder`; None if no row is alive there.

    Raises:
        StorageUnavailable, OSError, sqlite3.Error
    """
    connection = open_reader(folder / "index.db")
    try:
        settings = IndexSettings.load(connection)
        alive = _alive(connection, job, settings.segment_rows)
        if not alive:
            return None
        if job.kind == "heads":
            return _write_heads(folder, connection, settings, job, alive)
        return _write_block(folder, connection, settings, job, alive)
    finally:
        connection.close()


def _write_heads(
    folder: Path, connection: sqlite3.Connection, settings: IndexSettings, job: Job, alive: BitMap
) -> Path:
    path = folder / "derived" / "heads" / heads.name_of(job.first // settings.segment_rows)
    make_folder(path.parent)
    last = store.last_mutation(connection)
    rows = (row for row in store.all_rows(connection, job.first, job.end) if row.row in alive)
    heads.save(path, settings.uuid, job.first, job.end, last, rows)
    return path


def _write_block(
    folder: Path, connection: sqlite3.Connection, settings: IndexSettings, job: Job, alive: BitMap
) -> Path:
    source = _Source(folder, connection, settings)
    rows = rows_of(alive)
    codebook = _codebook(job, settings.uuid)
    block = _built(source, job, rows, codebook)
    if codebook and block.curves.plan(_USUAL_K, _USUAL_K, _USUAL_RECALL) is None:
        block = _built(source, job, rows, None)
    path = folder / "derived" / "blocks" / blocks.name_of(job.first, job.end)
    make_folder(path.parent)
    blocks.save(dataclasses.replace(block, path=path), settings.uuid)
    return path


class _Source:
    """The raw rows of an index.

    Attributes:
        values: those of each row.
    """

    def __init__(
        self, folder: Path, connection: sqlite3.Connection, settings: IndexSettings
    ) -> None:
        self.settings = settings
        segments, _ = open_stored(
            folder / "rows",
            settings.config.dimensions,
            settings.segment_rows,
            lambda: (store.last_mutation(connection).rows, segment_records.load(connection)),
        )
        self.values = Values(segments.all, settings.segment_rows)

    def chunks(self, rows: RowNumbers) -> Iterator[tuple[RowNumbers, FloatArray]]:
        step = max(1, _CHUNK_VALUES // self.settings.config.dimensions)
        for start in range(0, len(rows), step):
            chunk = rows[start : start + step]
            yield chunk, self.values.gathered(chunk)


def _alive(connection: sqlite3.Connection, job: Job, segment_rows: int) -> BitMap:
    """What is buried meanwhile was alive then, but no snapshot has it any more."""
    alive = BitMap(range(job.first, job.end)) - graves.buried(connection, segment_rows)
    for part in store.dead_rows(connection, job.mutation):
        alive -= BitMap(part)
    return alive


def _codebook(job: Job, uuid: str) -> Codes | None:
    if job.codebook is None:
        return None
    try:
        return blocks.load(Path(job.codebook), uuid).codes
    except DamagedBlock as error:
        _log.warning("trained anew: %s", error)
        return None


def _built(source: _Source, job: Job, rows: RowNumbers, codebook: Codes | None) -> Block:
    metric = source.settings.config.metric
    random = np.random.default_rng(job.end)
    sampled = np.sort(random.choice(rows, sample_size(len(rows)), replace=False))
    sample = source.values.gathered(sampled)
    asking = np.sort(
        random.choice(len(sampled), min(_queries_for(len(rows)), len(sampled)), replace=False)
    )
    encoder = Encoder.trained(metric, random.permutation(sample), len(rows), codebook)
    loss = encoder.loss(sample[:: max(1, len(sample) // _LOSS_ROWS)])
    queries = prepared(metric, sample[asking], encoder.scale)
    neighbors = Neighbors(metric, queries, RANKS[-1] + 1)
    for chunk, values in source.chunks(rows):
        ready = encoder.add(chunk, values)
        neighbors.add(chunk, ready)
    codes = encoder.codes()
    del encoder  # which holds them in another form
    curves = Curves.measured(codes, sample[asking], neighbors.without(sampled[asking]))
    return Block(job.first, job.end, len(rows), codes, curves, loss, Path())


def _queries_for(rows: int) -> int:
    """How many rows are searched to measure a block of so many.

    What a high recall takes is decided by the few hardest ones: at 1 M x 384, a target of .999 gave
    .9968 to .9996 with 200 of them, .9998 with 600, which take 3 s of the building's 27.
    """
    return _MANY_QUERIES if rows >= _MANY_FROM else _QUERIES
