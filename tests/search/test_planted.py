"""Bugs planted in the engine: the comparison with the model must find each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyroaring import BitMap

from tests.search.compare import Mismatch
from tests.search.find import find_in_queries, find_in_sequences
from vecinity.filters import AnyOf, Condition
from vecinity.local import columns, exact, follower, mutations, store
from vecinity.local.visibility import Snapshot

# the same cases each time, and no shrinking of what is found


def _negations_forget_missing_properties(patch: pytest.MonkeyPatch) -> None:
    select = columns.MetadataColumn.select

    def planted(self: columns.MetadataColumn, condition: Condition, live: BitMap) -> BitMap:
        found = select(self, condition, live)
        negated = isinstance(condition, AnyOf) and condition.negated
        return found & self._present if negated else found

    patch.setattr(columns.MetadataColumn, "select", planted)


def _namespaces_leak(patch: pytest.MonkeyPatch) -> None:
    select = follower.Follower.select

    def planted(
        self: follower.Follower,
        snapshot: Snapshot,
        namespace: str | None,
        conditions: Sequence[Condition],
    ) -> BitMap:
        return select(self, snapshot, namespace or None, conditions)

    patch.setattr(follower.Follower, "select", planted)


def _strings_are_cut_too_early(patch: pytest.MonkeyPatch) -> None:
    cut = columns.cut_string
    patch.setattr(columns, "cut_string", lambda text, size: cut(text, size - 1))


def _rounding_errors_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    bounded = exact._bounded

    def planted(*arguments: Any) -> Any:
        distances, errors = bounded(*arguments)
        return distances, 0 * errors

    patch.setattr(exact, "_bounded", planted)


def _listings_see_later_writes(patch: pytest.MonkeyPatch) -> None:
    ids_after = store.ids_after

    def planted(connection: Any, after: str | None, rows: int, mutation: int, count: int) -> Any:
        return ids_after(connection, after, 2**31, 2**62, count)

    patch.setattr(store, "ids_after", planted)


def _inserts_replace(patch: pytest.MonkeyPatch) -> None:
    write = mutations.Transaction._write
    patch.setattr(
        mutations.Transaction,
        "_write",
        lambda self, batch, replace: write(self, batch, replace=True),
    )


def _reopening_makes_older_vectors_filterable(patch: pytest.MonkeyPatch) -> None:
    load = follower.Follower._load

    def planted(self: follower.Follower, connection: Any, young: Any) -> Any:
        with pytest.MonkeyPatch.context() as inner:
            found = store.metadata_indexes
            inner.setattr(
                store,
                "metadata_indexes",
                lambda *which: [replace(index, first_row=0) for index in found(*which)],
            )
            return load(self, connection, young)

    patch.setattr(follower.Follower, "_load", planted)


@pytest.mark.parametrize(
    ("plant", "find"),
    [
        (_negations_forget_missing_properties, find_in_sequences),
        (_negations_forget_missing_properties, find_in_queries),
        (_namespaces_leak, find_in_sequences),
        (_namespaces_leak, find_in_queries),
        (_strings_are_cut_too_early, find_in_sequences),
        (_strings_are_cut_too_early, find_in_queries),
        (_rounding_errors_are_forgotten, find_in_queries),
        (_listings_see_later_writes, find_in_sequences),
        (_inserts_replace, find_in_sequences),
        (_reopening_makes_older_vectors_filterable, find_in_sequences),
    ],
)
def test_a_planted_bug_is_found(
    plant: Callable[[pytest.MonkeyPatch], None],
    find: Callable[[Path], None],
    memory_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(monkeypatch)
    with pytest.raises(Mismatch):
        find(memory_path)
