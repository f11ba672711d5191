"""What the cases are made of: small alphabets, so that things meet, with nasty members."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.search.compare import Query, Shape, Step
from tests.search.model import Json, Profile

PROFILES: list[Profile] = ["cloudflare", "open"]
METRICS = ["cosine", "euclidean", "dot-product"]

_ASCII_64 = "x" * 64
_WIDE_64 = "é" * 32

STRINGS = [
    "", "a", "ab", "b", "B", "é", "e\u0301", "\uffff", "😀", "a\x00b", "1", "true", "null",
    _ASCII_64, _ASCII_64 + "y", _ASCII_64 + "z", _ASCII_64[:-1] + "é", _ASCII_64[:-1] + "éa",
    _WIDE_64, _WIDE_64 + "a", _WIDE_64[:-1] + "😀", _WIDE_64[:-1] + "€",
]  # fmt: skip
"""Around the cut at 64 bytes, within and after characters; U+FFFF and U+1F600 sort differently as
UTF-16."""

NUMBERS: list[Json] = [
    0, -0.0, 1, 1.0, -1, 2, 2.5, 1e-300, -1e300, 1e15, 0.1, 2**53, 2**53 + 1, 2**63, 2**64,
    -(2**63),
]  # fmt: skip

SCALARS: list[Json] = [*STRINGS, *NUMBERS, True, False, None]

OTHERS: list[Json] = [[], ["a"], ["a", 1, None], {}, {"c": "a"}, {"c": {"d": 1}}, [{"b": "a"}]]
"""Values that no metadata index holds, or only below a dot."""

PROPERTIES = ["a", "b", "b.c", "b.c.d", "n|m", "é"]
"""Of metadata indexes and filters; "b" can be a scalar or hold the others."""

IDS = ["a", "b", "c", "d", "e", "B", "é", "😀", "\uffff", "a\x00", "x" * 64, " "]
NAMESPACES = [None, "", "n", "N", "n\x00", "é" * 32]

COORDINATES = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 0.1, -3.75, 1e-30, -1e-30, 1e-45, 1e15, -1e15, 1e18]
"""Tiny ones whose squares vanish in float32, huge ones whose distances' squares overflow it."""

_PATTERNS = [
    [0.0], [1.0], [-1.0], [1e-30], [-1e-30, 1e-30], [1e15], [1.0, 0.0], [0.0, 1.0], [1.0, 1e-30],
    [1e15, 1.0], [3e18, 0.0], [-3e18, 0.0], [1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0], [-0.0, 0.5],
]  # fmt: skip
"""Vectors that meet again: equal, parallel, opposite, orthogonal ones."""

ids = st.sampled_from(IDS)
namespaces = st.sampled_from(NAMESPACES)
scalars = st.sampled_from(SCALARS)
patterns = st.one_of(
    st.sampled_from(_PATTERNS), st.lists(st.sampled_from(COORDINATES), min_size=2, max_size=4)
)

_inner = st.dictionaries(st.sampled_from(["c", "d"]), st.one_of(scalars, st.just({"d": 1})))
metadata = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {},
        optional={
            "a": st.one_of(scalars, st.sampled_from(OTHERS)),
            "b": st.one_of(scalars, st.sampled_from(OTHERS), _inner),
            "n|m": scalars,
            "é": scalars,
        },
    ),
)

_bounds = st.sampled_from([*STRINGS, *NUMBERS])


@st.composite
def _ranges(draw: st.DrawFn) -> dict[str, Json]:
    """One bound, or a lower and an upper one of the same type."""
    low, high = draw(_bounds), draw(_bounds)
    lower, upper = draw(st.sampled_from(["$gt", "$gte"])), draw(st.sampled_from(["$lt", "$lte"]))
    if isinstance(low, str) == isinstance(high, str) and draw(st.booleans()):
        return {lower: low, upper: high}
    return {lower: low} if draw(st.booleans()) else {upper: high}


conditions: st.SearchStrategy[Json] = st.one_of(
    scalars,
    st.builds(lambda name, value: {name: value}, st.sampled_from(["$eq", "$ne"]), scalars),
    st.builds(
        lambda name, values: {name: values},
        st.sampled_from(["$in", "$nin"]),
        st.lists(scalars, max_size=4),
    ),
    _ranges(),
)
filters = st.dictionaries(st.sampled_from(PROPERTIES), conditions, min_size=1, max_size=3)


def queries(
    filters: st.SearchStrategy[Json],
) -> st.SearchStrategy[Query]:
    """Queries by vector, and a third of them by id."""
    return st.builds(
        Query,
        vector=patterns,
        vector_id=st.one_of(st.none(), st.none(), ids),
        top_k=st.sampled_from([1, 2, 3, 5, 20, 50]),
        return_values=st.booleans(),
        return_metadata=st.sampled_from(["none", "indexed", "all"]),
        namespace=namespaces,
        filter=filters,
    )


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    """Segments of few rows, so that small indexes have many of them."""
    profile = draw(st.sampled_from(PROFILES))
    dimensions = 32 if profile == "cloudflare" else draw(st.sampled_from([1, 2, 3, 5, 17]))
    segment_rows = draw(st.sampled_from([1, 2, 3, 7, None]))
    return Shape(profile, draw(st.sampled_from(METRICS)), dimensions, segment_rows)


vectors: st.SearchStrategy[dict[str, Json]] = st.fixed_dictionaries(
    {"id": ids, "values": patterns}, optional={"namespace": namespaces, "metadata": metadata}
)
batches = st.lists(vectors, min_size=1, max_size=5)


def _steps(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.builds(Step, st.just(name), st.tuples(*arguments))


_counts = st.integers(1, 4)

steps = st.one_of(
    _steps("insert", batches),
    _steps("upsert", batches),
    _steps("upsert", batches),
    _steps("delete", st.lists(ids, max_size=4)),
    _steps(
        "create_metadata_index",
        st.sampled_from(PROPERTIES),
        st.sampled_from(["string", "number", "boolean"]),
    ),
    _steps("delete_metadata_index", st.sampled_from(PROPERTIES)),
    _steps("query", queries(st.one_of(st.none(), filters))),
    _steps("query", queries(st.one_of(st.none(), filters))),
    _steps("get", st.lists(ids, max_size=5)),
    _steps("start_listing", _counts),
    _steps("continue_listing", st.integers(0, 3), _counts),
    _steps("describe"),
    _steps("reopen"),
)
