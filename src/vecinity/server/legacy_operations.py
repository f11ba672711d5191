"""The operations of the legacy V1 API, the same for every surface: a call in, a result out.

V1 differs from V2 in smaller limits, which every operation here puts on its call itself, in writes
that answer what they did, and in booleans where a query says what it wants back. Over a Workers
binding the operations are `describe`, `query_over_binding`, `insert`, `upsert`, `get_by_ids` and
`delete_by_ids` (contract.md section b.5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec

from vecinity import schema
from vecinity.engine import LegacyIndex
from vecinity.errors import InvalidRequest, NotEntitled
from vecinity.limits import for_v1
from vecinity.query import QueryOptions, checked_vector
from vecinity.server import wire
from vecinity.server.bodies import json_body
from vecinity.server.call import Call
from vecinity.server.operations import read_ids, read_new_index
from vecinity.server.vectors import read_batch


class _UpdateIndex(msgspec.Struct, forbid_unknown_fields=True):
    description: str | None


class _Query(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """`return_vectors` is what there was before 2023-11-08; it brings the old answers back."""

    vector: list[float] | None = None
    vector_id: Any = None
    top_k: int | None = None
    return_values: bool | None = None
    return_metadata: bool | None = None
    return_vectors: bool | None = None
    namespace: str | None = None
    filter: Any = None


class _Compat(msgspec.Struct, rename="camel"):
    """Whether the Worker's compatibility date is 2023-11-08 or later."""

    query_metadata_optional: bool | None = None


class _BindingQuery(_Query, rename="camel", forbid_unknown_fields=True):
    compat: _Compat | None = None


def list_indexes(call: Call) -> Any:
    call.allow_parameters()
    return [wire.description(index) for index in call.engine.list_indexes(call.account, "v1")]


def create_index(call: Call) -> Any:
    """Raises NotEntitled unless the server was told to create V1 indexes."""
    call.allow_parameters()
    if not call.settings.legacy_v1:
        raise NotEntitled().with_detail(
            "no new indexes of the legacy V1 API here; create a V2 one, or start the server with "
            "--legacy-v1"
        )
    name, config, description = read_new_index(_limited(call))
    created = call.engine.create_index(call.account, name, config, description, "v1")
    return wire.description(created)


def get_index(call: Call) -> Any:
    call.allow_parameters()
    return wire.description(call.engine.get_index(call.account, call.index, "v1"))


def update_index(call: Call) -> Any:
    """A new description is all that can change; null takes it away."""
    call.allow_parameters()
    call.engine.get_index(call.account, call.index, "v1")
    given = json_body(call, _UpdateIndex).description
    description = schema.check_description(given, call.settings.limits)
    return wire.description(call.engine.update_description(call.account, call.index, description))


def delete_index(call: Call) -> Any:
    call.allow_parameters()
    call.engine.delete_index(call.account, call.index, "v1")


def describe(call: Call) -> Any:
    """What a binding's `describe()` returns."""
    call.allow_parameters()
    about = call.engine.get_index(call.account, call.index, "v1")
    index = _index(call)
    return wire.legacy_info(index.id, about, index.info().vector_count)


def insert(call: Call) -> Any:
    """Answers the ids that were new: those that exist keep their vectors."""
    call.allow_parameters()
    index = _index(call)
    batch = read_batch(_limited(call), "insert", index.config.dimensions, discard=False)
    return _done(index.insert_ids(batch))


def upsert(call: Call) -> Any:
    call.allow_parameters()
    index = _index(call)
    batch = read_batch(_limited(call), "upsert", index.config.dimensions, discard=False)
    return _done(index.upsert_ids(batch))


def query(call: Call) -> Any:
    call.allow_parameters()
    index = _index(call)
    body = json_body(call, _Query)
    return _query(call, index, body, nested=body.return_vectors is not None)


def query_over_binding(call: Call) -> Any:
    """As `query`; a Worker of before 2023-11-08 gets the answers of its time."""
    call.allow_parameters()
    index = _index(call)
    body = json_body(call, _BindingQuery)
    old = body.compat is not None and not body.compat.query_metadata_optional
    return _query(call, index, body, nested=old or body.return_vectors is not None)


def get_by_ids(call: Call) -> Any:
    call.allow_parameters()
    index = _index(call)
    call = _limited(call)
    ids = read_ids(call, call.settings.limits.get_ids)
    return [wire.vector(vector) for vector in index.get_by_ids(ids)]


def delete_by_ids(call: Call) -> Any:
    """Answers the ids that were there."""
    call.allow_parameters()
    index = _index(call)
    call = _limited(call)
    return _done(index.delete_ids(read_ids(call, call.settings.limits.delete_ids)))


def _query(call: Call, index: LegacyIndex, body: _Query, *, nested: bool) -> Any:
    if body.vector_id is not None:
        raise InvalidRequest("vectorId: V1 indexes have no query by id")
    if body.vector is None:
        raise InvalidRequest("vector must be given")
    options = QueryOptions.checked(
        _limited(call).settings.limits,
        top_k=body.top_k,
        namespace=body.namespace,
        filter=body.filter,
        return_values=bool(body.return_values or body.return_vectors),
        return_metadata="all" if body.return_metadata or body.return_vectors else "none",
    )
    found = index.query(checked_vector(body.vector, index.config.dimensions), options)
    if nested:
        wants_vectors = options.return_values or options.return_metadata != "none"
        return wire.nested_matches(found, vectors=wants_vectors)
    return wire.matches(found)


def _index(call: Call) -> LegacyIndex:
    return call.engine.open_index(call.account, call.index, "v1")


def _limited(call: Call) -> Call:
    """The call with V1's limits; what is noted on one is noted on both."""
    return replace(call, settings=replace(call.settings, limits=for_v1(call.settings.limits)))


def _done(ids: Sequence[str]) -> dict[str, Any]:
    return {"count": len(ids), "ids": ids}
