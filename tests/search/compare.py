"""The engine and the model side by side: every operation runs on both, every answer is compared."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

import vecinity
from tests.search.model import Json, Model, Profile, Record, Score, Values
from vecinity.errors import VectorizeError
from vecinity.limits import PROFILES
from vecinity.local.engine import LocalEngine
from vecinity.local.rows import SEGMENT_ROWS
from vecinity.model import Match, Vector, VectorPage

_RELATIVE = 1e-6
_SMALLEST = 1.5e-45
"""The step between the smallest float32 numbers."""


class Mismatch(AssertionError):
    """The engine and the model disagree."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the index of a case is like. `segment_rows` None means the product's own size."""

    profile: Profile
    metric: str
    dimensions: int
    segment_rows: int | None


@dataclass(frozen=True, slots=True)
class Query:
    """A query by vector, or by id if `vector_id` is not None."""

    vector: Sequence[float]
    vector_id: str | None = None
    top_k: int = 5
    return_values: bool = False
    return_metadata: str = "none"
    namespace: str | None = None
    filter: dict[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A call of one of Pair's methods."""

    method: str
    arguments: tuple[Any, ...]


@dataclass(slots=True)
class Listing:
    """A listing under way: what is still to come, and where the next page starts."""

    rest: list[str]
    total: int
    cursor: str


class Pair:
    """An index of the engine in `folder`, and its model. Its methods raise Mismatch.

    Vectors are given as patterns of any length, which are repeated up to the dimensions.

    Args:
        engine_options: further arguments of LocalEngine.
    """

    def __init__(self, folder: Path, shape: Shape, **engine_options: Any) -> None:
        self.shape = shape
        self.engine_options = engine_options
        self.model = Model(shape.metric, shape.profile)
        self._folder = folder
        self.last_mutation: str | None = None
        self._listings: list[Listing] = []
        self._open()
        self._database.create_index("i", dimensions=shape.dimensions, metric=shape.metric)
        self._index = self._database.index("i")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    def reopen(self) -> None:
        """Close the directory and open it again: nothing may change."""
        self.close()
        self._open()
        self._index = self._database.index("i")

    def run(self, step: Step) -> None:
        getattr(self, step.method)(*step.arguments)

    def replay(self, history: Sequence[Step]) -> None:
        """Run every step, then compare everything there is."""
        for step in history:
            self.run(step)
        self.check_everything()

    def insert(self, vectors: list[dict[str, Json]]) -> None:
        vectors = self._sized(vectors)
        self._mutate(lambda: self._index.insert(vectors), lambda: self.model.insert(vectors))

    def upsert(self, vectors: list[dict[str, Json]]) -> None:
        vectors = self._sized(vectors)
        self._mutate(lambda: self._index.upsert(vectors), lambda: self.model.upsert(vectors))

    def delete(self, ids: list[str]) -> None:
        self._mutate(lambda: self._index.delete_by_ids(ids), lambda: self.model.delete(ids))

    def create_metadata_index(self, name: str, type_: Any) -> None:
        self._mutate(
            lambda: self._index.create_metadata_index(name, type_),
            lambda: self.model.create_metadata_index(name, type_),
        )

    def delete_metadata_index(self, name: str) -> None:
        self._mutate(
            lambda: self._index.delete_metadata_index(name),
            lambda: self.model.delete_metadata_index(name),
        )

    def query(self, query: Query) -> None:
        options: dict[str, Any] = {
            "top_k": query.top_k,
            "return_values": query.return_values,
            "return_metadata": query.return_metadata,
            "namespace": query.namespace,
            "filter": query.filter,
        }
        if query.vector_id is None:
            vector = self._repeated(query.vector)
            values = np.array(vector, np.float32)
            matches = self._index.query(vector, **options)
        else:
            matches = self._index.query_by_id(query.vector_id, **options)
            if query.vector_id not in self.model.records:
                _same("matches of an unknown id", matches, [])
                return
            values = self.model.records[query.vector_id].values
        self._compare_matches(query, values, matches)

    def get(self, ids: list[str]) -> None:
        """Vectors come in the order of `ids`, each once."""
        expected = [self.model.records[i] for i in dict.fromkeys(ids) if i in self.model.records]
        found = self._index.get_by_ids(ids)
        _same("ids", [vector.id for vector in found], [record.id for record in expected])
        for vector, record in zip(found, expected, strict=True):
            _compare_vector(vector, record, record.metadata)

    def describe(self) -> None:
        info = self._index.describe()
        _same("count", info.vector_count, len(self.model.records))
        shape = self.shape
        _same("config", (info.dimensions, info.metric), (shape.dimensions, shape.metric))
        _same("last mutation", info.processed_up_to_mutation, self.last_mutation)
        _same("has a time", info.processed_up_to_datetime is None, self.model.mutations == 0)
        indexes = [(index.property_name, index.type) for index in self._index_list()]
        kept = [(name, type_) for name, (type_, _) in self.model.metadata_indexes.items()]
        _same("metadata indexes", indexes, kept)

    def start_listing(self, count: int) -> None:
        """The first page; what follows must show the index as it is now."""
        ids = self.model.sorted_ids()
        self._compare_page(self._index.list_vectors(count), ids, len(ids), count)

    def continue_listing(self, number: int, count: int) -> None:
        """The next page of one of the listings under way, if there are any."""
        if self._listings:
            listing = self._listings.pop(number % len(self._listings))
            page = self._index.list_vectors(count, listing.cursor)
            self._compare_page(page, listing.rest, listing.total, count)

    def check_everything(self) -> None:
        """Counts, every id, and every vector."""
        self.describe()
        ids = self.model.sorted_ids()
        self.start_listing(1_000)
        for start in range(0, len(ids), 20):
            self.get(ids[start : start + 20])

    def _open(self) -> None:
        profile = self.shape.profile
        if self.shape.segment_rows is None and not self.engine_options:
            self._database = vecinity.open(self._folder, profile=profile)
        else:
            size = self.shape.segment_rows or SEGMENT_ROWS
            engine = LocalEngine(
                self._folder, profile=profile, segment_rows=size, **self.engine_options
            )
            self._database = vecinity.Database(engine, PROFILES[profile])

    def _repeated(self, pattern: Sequence[float]) -> list[float]:
        length = self.shape.dimensions
        return list(itertools.islice(itertools.cycle(pattern), length))

    def _sized(self, vectors: list[dict[str, Json]]) -> list[dict[str, Json]]:
        return [{**vector, "values": self._repeated(vector["values"])} for vector in vectors]

    def _index_list(self) -> list[vecinity.MetadataIndex]:
        return self._index.list_metadata_indexes()

    def _mutate(self, ours: Callable[[], str], models: Callable[[], None]) -> None:
        """Both accept, or both refuse with the same error."""
        mutation, refused = _outcome(ours)
        _, expected = _outcome(models)
        _same("error", refused, expected)
        if mutation is not None:
            if mutation == self.last_mutation:
                raise Mismatch(f"the mutation id {mutation} came twice")
            self.last_mutation = mutation

    def _compare_page(self, page: VectorPage, ids: Sequence[str], total: int, count: int) -> None:
        _same("page", page.ids, list(ids[:count]))
        _same("total", page.total_count, total)
        rest = list(ids[count:])
        _same("has a next page", page.next_cursor is not None, bool(rest))
        if page.next_cursor is not None:
            self._listings.append(Listing(rest, total, page.next_cursor))

    def _compare_matches(self, query: Query, values: Values, matches: list[Match]) -> None:
        candidates = {
            record.id: record for record in self.model.candidates(query.namespace, query.filter)
        }
        scores = {i: self.model.score(values, record) for i, record in candidates.items()}
        _same("number of matches", len(matches), min(query.top_k, len(candidates)))
        _same("distinct ids", len({match.id for match in matches}), len(matches))
        for match in matches:
            if match.id not in candidates:
                raise Mismatch(f"{match.id!r} must not be among the matches")
            if not _close(match.score, scores[match.id]):
                raise Mismatch(f"{match.id!r} scores {match.score}, not {scores[match.id]}")
            self._compare_match(query, match, candidates[match.id])
        self._compare_order(query, matches, scores)

    def _compare_match(self, query: Query, match: Match, record: Record) -> None:
        if query.return_values:
            _same(f"values of {match.id!r}", _bits(match.values), _bits(record.values))
        else:
            _same(f"values of {match.id!r}", match.values, None)
        _same(f"namespace of {match.id!r}", match.namespace, record.namespace)
        metadata = _canonical(self._shown_metadata(query, record))
        _same(f"metadata of {match.id!r}", _canonical(match.metadata), metadata)

    def _shown_metadata(self, query: Query, record: Record) -> Json:
        if query.return_metadata == "indexed":
            return self.model.indexed_metadata(record)
        return record.metadata if query.return_metadata == "all" else None

    def _compare_order(self, query: Query, matches: list[Match], scores: dict[str, Score]) -> None:
        """Best first, nothing better left out; a vector that is asked for leads its equals."""
        sign = -1 if self.shape.metric == "cosine" else 1
        found = [sign * match.score for match in matches]
        _same("order of scores", found, sorted(found))
        shown = [match.id for match in matches]
        for left_out in scores.keys() - set(shown):
            score = scores[left_out]
            if sign * score.value < found[-1] and not _close(matches[-1].score, score):
                raise Mismatch(f"{left_out!r} scores {score.value} and was left out")
        if query.vector_id in shown:
            place = shown.index(query.vector_id)
            _same("place among equal scores", place, found.index(found[place]))
        elif query.vector_id in scores and self.shape.metric != "dot-product":
            raise Mismatch(f"{query.vector_id!r} is not among its own matches")


def _outcome(call: Callable[[], str | None]) -> tuple[str | None, tuple[int, str] | None]:
    try:
        return call(), None
    except VectorizeError as error:
        return None, (error.code, error.message)


def _compare_vector(vector: Vector, record: Record, metadata: Json) -> None:
    _same(f"values of {record.id!r}", _bits(vector.values), _bits(record.values))
    _same(f"namespace of {record.id!r}", vector.namespace, record.namespace)
    _same(f"metadata of {record.id!r}", _canonical(vector.metadata), _canonical(metadata))


def _close(found: float, expected: Score) -> bool:
    allowed = _RELATIVE * abs(expected.value) + expected.slack + _SMALLEST
    return abs(found - expected.value) <= allowed


def _bits(values: Values | None) -> bytes | None:
    return None if values is None else values.tobytes()


def _canonical(metadata: Json) -> str:
    """JSON text, which tells true from 1 and 1 from 1.0."""
    return json.dumps(metadata, sort_keys=True)


def _same(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise Mismatch(f"{what}: {found!r} instead of {expected!r}")
