"""Columns in their many shapes: tiny runs, merges, files that are missing, damaged or stale.

The engine is compared with the model as in the differential test. Whatever became of the derived
files, no answer may change; and filters are asked again after every step, so that what is
remembered of them must have followed.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from tests.search.compare import Mismatch, Pair, Query, Shape, Step
from tests.search.model import Json
from tests.search.strategies import histories, shapes
from vecinity.local import column_file, column_keeper, column_set, column_values, follower
from vecinity.local.column_file import SavedColumns
from vecinity.local.column_runs import Sizes, merge
from vecinity.local.column_values import Values
from vecinity.local.recent import RecentFilters

_TINY = [
    Sizes(tail=1, fanout=2, finished=4, heavy=2, unsaved=-1),
    Sizes(tail=32, fanout=2, finished=1_000, heavy=1, unsaved=-1),
    Sizes(tail=8, fanout=2, finished=1_000, heavy=3, unsaved=-1),
    Sizes(tail=3, fanout=3, finished=64, heavy=3, cached=1_200, unsaved=-1),
    Sizes(tail=1_000, unsaved=-1),
    Sizes(tail=2, fanout=4, finished=6, heavy=4, unsaved=3),
]
_ASKED_AGAIN = 3


class ColumnsPair(Pair):
    """Comes back from each reopening without, or with another, file of columns."""

    def __init__(self, folder: Path, shape: Shape) -> None:
        super().__init__(folder, shape)
        self._queries: list[Query] = []
        [self._file] = [path / "derived" / "columns" for path in (folder / "indexes").iterdir()]
        self._older: list[bytes] = []

    def run(self, step: Step) -> None:
        super().run(step)
        for query in self._queries[-_ASKED_AGAIN:]:
            self.query(query)
            self.query(replace(query, filter=_twin(query.filter)))
        if step.method == "query":
            self._queries.append(*step.arguments)

    def reopen_with(self, kind: str, place: int) -> None:
        """Close, do to the file what `kind` says, open again."""
        self.close()
        if self._file.exists():
            data = self._file.read_bytes()
            self._older.append(data)
            _TREATMENTS[kind](self, data, place)
        self.reopen()

    def save(self) -> None:
        """Save the columns while the index is open."""
        with self._index._index._use() as index:  # type: ignore[attr-defined]
            index._follower.save_columns()

    def renew_indexes(self) -> None:
        """Drop each metadata index and create it again: older vectors may not be in it now."""
        for name, (type_, _) in list(self.model.metadata_indexes.items()):
            self.delete_metadata_index(name)
            self.create_metadata_index(name, type_)

    def _remove(self, data: bytes, place: int) -> None:
        shutil.rmtree(self._file.parent)

    def _flip(self, data: bytes, place: int) -> None:
        damaged = bytearray(data)
        damaged[place % len(data)] ^= 1 << place % 8
        self._file.write_bytes(damaged)

    def _truncate(self, data: bytes, place: int) -> None:
        self._file.write_bytes(data[: place % len(data)])

    def _put_older(self, data: bytes, place: int) -> None:
        self._file.write_bytes(self._older[place % len(self._older)])

    def _belie(self, data: bytes, place: int) -> None:
        """A sound file of another index or another history, with nothing in it that is true."""
        if (saved := column_file.load(self._file)) is None:
            return
        saved.namespaces = []
        for column in saved.metadata:
            column.runs = []
        if place % 3 == 0:
            saved.index = "another"
        elif place % 3 == 1:
            saved.mutation_uuid = "another"
        else:
            saved.mutation += 1_000
        column_file.save(self._file, saved)

    def _forget_an_index(self, data: bytes, place: int) -> None:
        """The file was saved before one of the metadata indexes was there, or has another one."""
        saved = column_file.load(self._file)
        if saved is not None and saved.metadata:
            column = saved.metadata.pop(place % len(saved.metadata))
            column.property_name += "x"
            saved.metadata.append(column)
            column_file.save(self._file, saved)


_TREATMENTS: dict[str, Callable[[ColumnsPair, bytes, int], None]] = {
    "as it is": lambda pair, data, place: None,
    "removed": ColumnsPair._remove,
    "flipped": ColumnsPair._flip,
    "truncated": ColumnsPair._truncate,
    "older": ColumnsPair._put_older,
    "of another history": ColumnsPair._belie,
    "lacking an index": ColumnsPair._forget_an_index,
}

_interruptions = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.one_of(
            st.builds(
                Step,
                st.just("reopen_with"),
                st.tuples(st.sampled_from(list(_TREATMENTS)), st.integers(0, 10**6)),
            ),
            st.sampled_from([Step("save", ()), Step("renew_indexes", ())]),
        ),
    ),
    max_size=5,
)


def _twin(json: Json) -> Json:
    """The same filter with numbers for booleans, and the other way round, where they are equal."""
    if isinstance(json, dict):
        # no range has a boolean end
        return {k: v if k in ("$gt", "$gte", "$lt", "$lte") else _twin(v) for k, v in json.items()}
    if isinstance(json, list):
        return [_twin(value) for value in json]
    if isinstance(json, bool):
        return int(json)
    return bool(json) if isinstance(json, int | float) and json in (0, 1) else json


def _interrupted(history: list[Step], interruptions: list[tuple[int, Step]]) -> list[Step]:
    steps = list(history)
    for place, step in interruptions:
        steps.insert(place % (len(steps) + 1), step)
    return steps


_histories = st.builds(_interrupted, histories(), _interruptions)


def _replay(folder: Path, shape: Shape, sizes: Sizes, history: list[Step]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(follower, "SIZES", sizes)
        with tempfile.TemporaryDirectory(dir=folder) as place:
            pair = ColumnsPair(Path(place), shape)
            with pair:
                pair.replay(history)


def test_answers_do_not_depend_on_how_columns_are_kept(
    memory_path: Path, in_ci: bool, cases: dict[str, int]
) -> None:
    wanted = 600 if in_ci else 200
    ran = itertools.count(1)

    @settings(max_examples=wanted)
    @given(shapes(), st.sampled_from(_TINY), _histories)
    def check(shape: Shape, sizes: Sizes, history: list[Step]) -> None:
        cases["sequences over tiny columns"] = next(ran)
        _replay(memory_path, shape, sizes, history)

    check()
    assert cases["sequences over tiny columns"] >= wanted


def _sealing_forgets_the_tail(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Values, "seal", lambda self, end: self._append(None, end))


def _merges_forget_the_oldest_run(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(column_values, "merge", lambda runs, heavy: merge(runs[1:], heavy))


def _equal_numbers_are_one_filter(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        column_set,
        "_name",
        lambda used: str(hash(tuple((column.index.created, c) for column, c in used))),
    )


def _recent_filters_stay_as_they_are(patch: pytest.MonkeyPatch) -> None:
    get = RecentFilters.get

    def planted(self: RecentFilters, key: str) -> tuple[BitMap, int]:
        births, end = get(self, key)
        return births, end and 1 << 31

    patch.setattr(RecentFilters, "get", planted)


def _recent_filters_outlive_their_index(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(column_set, "_name", lambda used: repr([condition for _, condition in used]))


def _any_file_is_believed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SavedColumns, "is_past_of", lambda self, index, then: True)


def _rows_after_the_file_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(column_keeper.ColumnKeeper, "_catch_up", lambda self, columns, connection: None)


@pytest.mark.parametrize(
    "plant",
    [
        _sealing_forgets_the_tail,
        _merges_forget_the_oldest_run,
        _equal_numbers_are_one_filter,
        _recent_filters_stay_as_they_are,
        _recent_filters_outlive_their_index,
        _any_file_is_believed,
        _rows_after_the_file_are_forgotten,
    ],
)
def test_a_planted_bug_is_found(
    plant: Callable[[pytest.MonkeyPatch], None],
    memory_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @settings(
        max_examples=2_000,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
    )
    @given(shapes(), st.sampled_from(_TINY), _histories)
    def check(shape: Shape, sizes: Sizes, history: list[Step]) -> None:
        _replay(memory_path, shape, sizes, history)

    plant(monkeypatch)
    with pytest.raises(Mismatch):
        check()
