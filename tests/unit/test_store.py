"""Looking up ids: what a snapshot sees of them, and at what price."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from vecinity.local import store

_LARGEST_CRC = 0xFFFF_FFFF


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """Mutation 1 writes "b" and "a", 2 replaces "b", 3 deletes it and adds "c", 4 adds it anew."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(store.SCHEMA)
    births = [(0, "b", 1), (1, "a", 1), (2, "b", 2), (3, "c\0é", 3), (4, "b", 4)]
    crcs = (_LARGEST_CRC - row for row in range(len(births)))
    store.add_rows(
        connection,
        (
            (row, name, None, None, born, crc)
            for (row, name, born), crc in zip(births, crcs, strict=True)
        ),
    )
    store.add_deaths(connection, [0], 2)
    store.add_deaths(connection, [2], 3)
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("rows", "mutation", "seen"),
    [
        (0, 0, {}),
        (2, 1, {"a": 1, "b": 0}),
        (3, 2, {"a": 1, "b": 2}),
        (4, 3, {"a": 1, "c\0é": 3}),
        (5, 4, {"a": 1, "b": 4, "c\0é": 3}),
    ],
)
def test_a_snapshot_sees_its_own_row_of_an_id(
    connection: sqlite3.Connection, rows: int, mutation: int, seen: dict[str, int]
) -> None:
    many = [f"nobody {n}" for n in range(1_200)]
    found = store.newest_rows(connection, ["c\0é", "b", *many, "a", "b", "c"], rows, mutation)
    assert found == {name: (row, _LARGEST_CRC - row) for name, row in seen.items()}


def test_ids_are_looked_up_in_their_index_alone(connection: sqlite3.Connection) -> None:
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    store.newest_rows(connection, ["a", "b"], 5, 4)
    connection.set_trace_callback(None)
    [statement] = statements
    plan = [step[3] for step in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
    of_rows = [step for step in plan if step.startswith(("SEARCH rows", "SCAN rows"))]
    assert of_rows == ["SEARCH rows USING COVERING INDEX rows_by_id (id=? AND row<?)"]
