"""Runs, tails and what is remembered, over values chosen at random, against plain lists."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from vecinity.filters import AnyOf
from vecinity.local.column_file import SavedRun, packed, unpacked
from vecinity.local.column_keys import offset_type
from vecinity.local.column_runs import Run, Sizes
from vecinity.local.column_set import Columns
from vecinity.local.column_values import Values
from vecinity.local.properties import Properties
from vecinity.local.recent import RecentFilters
from vecinity.local.store import StoredMetadataIndex

_STRINGS = [
    b"", b"a", b"a\x00", b"a\x00\x00", b"ab", b"b", "é".encode(), "😀".encode(), b"z" * 64,
]  # fmt: skip
_NUMBERS = [0.0, -0.0, 1.0, -1.0, 2.5, 1e300, -1e300, float("inf"), float("-inf"), 5e-324]
_SIZES = st.builds(
    Sizes,
    tail=st.just(2),
    fanout=st.integers(2, 4),
    finished=st.sampled_from([1, 6, 1_000]),
    heavy=st.integers(1, 4),
)


@st.composite
def _births(draw: st.DrawFn) -> tuple[list[Any], list[Any]]:
    """What rows hold, batch by batch: a key, None for nothing, or "other" for what has no key."""
    keys: list[Any] = draw(st.sampled_from([_STRINGS, _NUMBERS]))
    held: st.SearchStrategy[Any] = st.one_of(
        st.sampled_from(keys), st.sampled_from(keys[:2]), st.sampled_from([None, "?"])
    )
    batches = draw(st.lists(st.lists(held, max_size=6), max_size=12))
    return keys, batches


def _fill(values: Values, batches: list[list[Any]], seals: int) -> list[Any]:
    """Tell `values` of all batches, some of them at once as a run; returns what each row holds."""
    rows: list[Any] = []
    for number, batch in enumerate(batches):
        first = len(rows)
        rows += batch
        present = [row for row, key in enumerate(batch, first) if key is not None]
        keyed = [row for row in present if rows[row] != "?"]
        keys = [rows[row] for row in keyed]
        if seals >> number & 1:
            values.seal(first)
            values.add_run(len(rows), present, keys, keyed)
        else:
            values.add(present, keys, keyed)
            if seals >> number & 2:
                values.seal(len(rows))
    return rows


def _check(values: Values, keys: list[Any], rows: list[Any], start: int) -> None:
    """Every lookup, for the rows from `start` on."""

    def expected(test: Any) -> BitMap:
        return BitMap(n for n, key in enumerate(rows) if n >= start and test(key))

    def after_start(found: BitMap) -> BitMap:
        return found & BitMap(range(start, len(rows)))

    for key in keys:
        assert after_start(values.equal(key, start)) == expected(lambda held, key=key: held == key)
        assert values.has(key) == (key in rows)
    keyed = [key for key in rows if key is not None and key != "?"]
    assert values.distinct() == set(keyed)
    assert len(set(keyed)) <= values.most_distinct() <= len(keyed)
    assert after_start(values.present(start)) == expected(lambda held: held is not None)
    for low in [None, *((key, closed) for key in keys[::2] for closed in (True, False))]:
        for high in [None, *((key, closed) for key in keys[1::2] for closed in (True, False))]:

            def inside(held: Any, low: Any = low, high: Any = high) -> bool:
                if held is None or held == "?":
                    return False
                above = low is None or held > low[0] or (low[1] and held == low[0])
                return above and (high is None or held < high[0] or (high[1] and held == high[0]))

            assert after_start(values.between(low, high, start)) == expected(inside)


@settings(max_examples=150)
@given(_births(), _SIZES, st.integers(0, 2**13 - 1), st.integers(0, 30))
def test_every_lookup_finds_what_the_rows_hold(
    births: tuple[list[Any], list[Any]], sizes: Sizes, seals: int, start: int
) -> None:
    keys, batches = births
    values = Values(sizes)
    rows = _fill(values, batches, seals)
    _check(values, keys, rows, start)
    values.seal(len(rows))
    _check(values, keys, rows, 0)
    loaded = Values(sizes, len(rows), unpacked(_transported(values.runs)))
    _check(loaded, keys, rows, start)


def _transported(runs: tuple[Run, ...]) -> list[SavedRun]:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(packed(runs)), type=list[SavedRun])


def test_few_runs_hold_many_rows() -> None:
    sizes = Sizes(tail=4, fanout=3, finished=200)
    values = Values(sizes)
    for row in range(2_000):
        values.add([row], [f"{row:06}".encode()], [row])
        if row % 4 == 3:
            values.seal(row + 1)
    ends = [run.end for run in values.runs]
    assert [run.first for run in values.runs] == [0, *ends[:-1]]
    assert len(values.runs) < 2_000 / 100 + 3 * 4
    assert max(run.entries for run in values.runs) < 3 * 200 + 8


def _columns_of(namespaces: list[str | None], users: list[str]) -> Columns:
    columns = Columns(64, Sizes())
    columns.attach(columns.column(StoredMetadataIndex(1, "user", "string", 0)))
    metadata = [msgspec.json.encode({"user": user}) for user in users]
    for start in range(0, len(users), 5_000):
        columns.born(namespaces[start : start + 5_000], metadata[start : start + 5_000])
    columns.seal()
    return columns


def test_many_values_take_few_bytes() -> None:
    count = 60_000
    names: list[str | None] = [f"tenant {row % 3_000}" for row in range(count)]
    users = [f"user {row * 7 % count:09}" for row in range(count)]
    columns = _columns_of(names, users)
    # 14 bytes of the string, 4 where it starts, 4 of the row
    assert columns.metadata[0].values.nbytes / count < 30
    assert columns.namespaces.values.nbytes / count < 12
    assert columns.namespaces.rows("tenant 7") == BitMap(range(7, count, 3_000))
    assert len(columns.namespaces) == 3_000


def test_a_value_of_many_rows_takes_bits() -> None:
    count = 100_000
    columns = _columns_of([("a", "b")[row % 2] for row in range(count)], ["u"] * count)
    assert columns.namespaces.values.nbytes / count < 1
    assert columns.metadata[0].values.nbytes / count < 1


def test_large_blobs_have_wide_offsets() -> None:
    assert offset_type(2**32 - 1) is np.uint32
    assert offset_type(2**32) is np.uint64


def test_a_snapshot_that_has_no_such_index_finds_nothing() -> None:
    columns = _columns_of([None], ["u"])
    condition = AnyOf("user", ("u",))
    assert columns.select([condition], [], BitMap([0])) == BitMap()
    index = columns.metadata[0].index
    assert columns.select([condition], [index], BitMap([0])) == BitMap([0])
    columns.drop(index.created)
    assert columns.select([condition], [index], BitMap([0])) == BitMap()


def test_recent_filters_are_remembered_until_they_are_too_many() -> None:
    recent = RecentFilters(3_000)
    assert recent.get("a") == (BitMap(), 0)
    for name in "abcd":
        recent.put(name, BitMap(range(10)), 80)
    assert recent.get("a") == (BitMap(range(10)), 80)
    recent.put("e", BitMap([1]), 80)
    recent.put("f", BitMap([1]), 80)
    assert recent.get("b") == (BitMap(), 0)
    assert recent.get("a") == (BitMap(range(10)), 80)
    recent.put("a", BitMap([3]), 90)
    assert recent.get("a") == (BitMap([3]), 90)
    recent.put("g", BitMap(range(100_000)), 1 << 20)
    assert len(recent) == 0


def test_a_filter_is_evaluated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = _columns_of([None] * 3, ["u", "v", "u"])
    looked_at: list[int] = []
    equal = Values.equal

    def counted(self: Values, key: Any, start: int = 0) -> BitMap:
        looked_at.append(start)
        return equal(self, key, start)

    monkeypatch.setattr(Values, "equal", counted)
    index = columns.metadata[0].index
    condition = AnyOf("user", ("u",))
    assert columns.select([condition], [index], BitMap([0, 1, 2])) == BitMap([0, 2])
    assert columns.select([condition], [index], BitMap([1, 2])) == BitMap([2])
    assert looked_at == [0]
    columns.born([None], [b'{"user":"u"}'])
    assert columns.select([condition], [index], BitMap([2, 3])) == BitMap([2, 3])
    assert looked_at == [0, 3]


@pytest.mark.parametrize("names", [["a"], ["a\\b", "\n"], ["a", "\x00", "é", "\x7f", "'"], []])
def test_properties_are_read_whatever_their_names(names: list[str]) -> None:
    metadata: list[dict[str, Any]] = [
        {name: number for number, name in enumerate(names)},
        {"other": {"a": 1}},
        dict.fromkeys(names) | {"a": {"a": [1]}},
    ]
    found = Properties(names).read([msgspec.json.encode(each) for each in metadata])
    assert found == {name: [each.get(name) for each in metadata] for name in names}
