"""Random shapes, histories and queries, from the alphabets."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.search.alphabets import (
    COORDINATES,
    IDS,
    METADATA,
    METRICS,
    NAMESPACES,
    NUMBERS,
    OPERANDS,
    PATTERNS,
    PROFILES,
    PROPERTIES,
    STRINGS,
    TYPES,
    metadata,
    weighted,
)
from tests.search.compare import Query, Shape, Step
from tests.search.model import Json

_dice = st.integers(0, 7)
_ids = st.sampled_from(weighted(IDS[:7], IDS))
_names = st.sampled_from(weighted(list(PROPERTIES)[:3], list(PROPERTIES)))
_namespaces = st.sampled_from(weighted(NAMESPACES[:3], NAMESPACES))
_patterns = st.one_of(
    st.sampled_from(PATTERNS), st.lists(st.sampled_from(COORDINATES), min_size=2, max_size=4)
)


@st.composite
def _vector(draw: st.DrawFn, ids: st.SearchStrategy[str] = _ids) -> dict[str, Json]:
    """A vector, one time in eight without metadata."""
    vector: dict[str, Json] = {"id": draw(ids), "values": draw(_patterns)}
    if (namespace := draw(_namespaces)) is not None:
        vector["namespace"] = namespace
    if draw(_dice) < 7:
        vector["metadata"] = metadata(*(draw(values) for values in _metadata_values))
    return vector


_metadata_values = [st.sampled_from(values) for values in METADATA.values()]
_vectors = _vector()
_few_vectors = st.lists(_vectors, min_size=1, max_size=5)
_many_vectors = st.lists(_vectors, min_size=5, max_size=8)
_all_vectors = st.tuples(*(_vector(st.just(each)) for each in IDS)).map(list)

_operands = {name: st.sampled_from(values) for name, values in OPERANDS.items()}
_lists = {name: st.lists(values, max_size=4) for name, values in _operands.items()}
_bounds = {
    name: st.sampled_from(
        [v for v in values if v is not None and not isinstance(v, bool)] or [*STRINGS, *NUMBERS]
    )
    for name, values in OPERANDS.items()
}
_kinds = st.sampled_from(["bare", "$eq", "$ne", "$in", "$nin", "range", "range"])
_lower = st.sampled_from(["$gt", "$gte"])
_upper = st.sampled_from(["$lt", "$lte"])
_several_names = st.lists(st.sampled_from(list(PROPERTIES)), min_size=2, max_size=3, unique=True)


@st.composite
def _conditions(draw: st.DrawFn, name: str) -> Json:
    kind = draw(_kinds)
    if kind == "range":
        return draw(_ranges(name))
    operand = draw((_lists if kind in ("$in", "$nin") else _operands)[name])
    return operand if kind == "bare" else {kind: operand}


@st.composite
def _ranges(draw: st.DrawFn, name: str) -> Json:
    """One bound, or a lower and an upper one of the same type."""
    low, high = draw(_bounds[name]), draw(_bounds[name])
    kind = draw(st.sampled_from(["both", "low", "high"]))
    if kind == "both" and isinstance(low, str) == isinstance(high, str):
        return {draw(_lower): low, draw(_upper): high}
    return {draw(_upper): high} if kind == "high" else {draw(_lower): low}


@st.composite
def filters(draw: st.DrawFn, usual: tuple[str, ...] = tuple(PROPERTIES)) -> dict[str, Json]:
    """Mostly one condition on one of `usual`, at times several on any property."""
    names = [draw(st.sampled_from(usual))] if draw(_dice) < 7 else draw(_several_names)
    return {name: draw(_conditions(name)) for name in names}


_vector_ids = st.one_of(st.none(), st.none(), _ids)
_top_ks = st.sampled_from([1, 2, 3, 5, 20, 50])
_returned = st.sampled_from(["none", "indexed", "all"])
_query_namespaces = st.one_of(st.none(), st.none(), _namespaces)


def queries(filters: st.SearchStrategy[dict[str, Json] | None]) -> st.SearchStrategy[Query]:
    """Queries by vector, and some of them by id."""
    return st.builds(
        Query,
        vector=_patterns,
        vector_id=_vector_ids,
        top_k=_top_ks,
        return_values=st.booleans(),
        return_metadata=_returned,
        namespace=_query_namespaces,
        filter=filters,
    )


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    """Segments of few rows, so that small indexes have many of them."""
    profile = draw(st.sampled_from(PROFILES))
    dimensions = 32 if profile == "cloudflare" else draw(st.sampled_from([1, 2, 3, 4, 17]))
    segment_rows = draw(st.sampled_from([1, 2, 3, 7, None]))
    return Shape(profile, draw(st.sampled_from(METRICS)), dimensions, segment_rows)


def _step(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.builds(Step, st.just(name), st.tuples(*arguments))


_usual_creations = [
    Step("create_metadata_index", (name, type_)) for name, type_ in PROPERTIES.items()
]
_any_creations = [Step("create_metadata_index", (name, t)) for name in PROPERTIES for t in TYPES]
_creations = st.sampled_from(weighted(_usual_creations[:3], _usual_creations + _any_creations))
_counts = st.integers(1, 4)
_writes = st.one_of(
    _step("insert", _few_vectors),
    _step("upsert", _few_vectors),
    _step("delete", st.lists(_ids, max_size=4)),
)
_reopen = st.just(Step("reopen", ()))
_listing = st.tuples(
    _step("start_listing", _counts),
    _writes,
    st.one_of(_writes, _reopen),
    _step("continue_listing", st.integers(0, 3), _counts),
)
_late_index = st.tuples(_creations, st.one_of(_writes, _reopen))
_episodes = st.one_of(
    *(
        st.tuples(step)
        for step in (
            _writes,
            _creations,
            _reopen,
            _step("delete_metadata_index", _names),
            _step("get", st.lists(_ids, max_size=5)),
            _step("continue_listing", st.integers(0, 3), _counts),
            _step("describe"),
        )
    ),
    _listing,
    _late_index,
)


@st.composite
def histories(draw: st.DrawFn, *, all_ids: bool = False) -> list[Step]:
    """Metadata indexes, vectors, then up to seven short episodes, a query after each.

    With `all_ids` there is a vector of every id at first: more than a tiny tail holds.
    """
    history = draw(st.lists(_creations, min_size=1, max_size=4))
    history.append(Step("upsert", (draw(_all_vectors if all_ids else _many_vectors),)))
    for episode in draw(st.lists(_episodes, min_size=1, max_size=7)):
        history += episode
        created = [s.arguments[0] for s in history if s.method == "create_metadata_index"]
        # the newest most often: what is older than it is where the profiles differ
        usual = filters(tuple(weighted(created[-1:], created)))
        query = draw(queries(usual if draw(_dice) < 7 else st.none()))
        history.append(Step("query", (query,)))
    return history
