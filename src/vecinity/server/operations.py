"""The operations of the API, the same for every surface: a call in, a JSON-able result out."""

from __future__ import annotations

import re
from typing import Any, cast, get_args

import msgspec

from vecinity import schema
from vecinity.engine import Index
from vecinity.errors import (
    InvalidCount,
    InvalidParameter,
    InvalidRequest,
    TooManyIds,
)
from vecinity.limits import DEFAULT_LIST_COUNT
from vecinity.model import IndexConfig, ReturnMetadata
from vecinity.query import QueryOptions, check_count, checked_ids, checked_vector
from vecinity.server import hints, wire
from vecinity.server.bodies import json_body, note_unknown, place_of
from vecinity.server.call import Call
from vecinity.server.vectors import read_batch


class _CreateIndex(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    description: Any = None
    config: Any = None


class _Config(msgspec.Struct):
    """The members that an index's configuration may have."""

    dimensions: int = 0
    metric: str = ""
    preset: str = ""


class _Query(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    vector: list[float] | None = None
    vector_id: str | None = None
    top_k: int | None = None
    return_values: bool | None = None
    return_metadata: Any = None
    namespace: str | None = None
    filter: Any = None


class _Ids(msgspec.Struct, forbid_unknown_fields=True):
    ids: list[str]


class _CreateMetadataIndex(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    property_name: str
    index_type: str


class _DeleteMetadataIndex(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    property_name: str


class _DeleteMetadataIndexAlias(msgspec.Struct, forbid_unknown_fields=True):
    """As LangChain's Python store sends it."""

    property: str


def list_indexes(call: Call) -> Any:
    call.allow_parameters()
    return [wire.description(index) for index in call.engine.list_indexes(call.account)]


def create_index(call: Call) -> Any:
    call.allow_parameters()
    return wire.description(call.engine.create_index(call.account, *read_new_index(call)))


def get_index(call: Call) -> Any:
    call.allow_parameters()
    return wire.description(call.engine.get_index(call.account, call.index))


def delete_index(call: Call) -> Any:
    call.allow_parameters()
    call.engine.delete_index(call.account, call.index)


def info(call: Call) -> Any:
    call.allow_parameters()
    return wire.info(_index(call).info())


def insert(call: Call) -> Any:
    index = _index(call)
    batch = read_batch(call, "insert", index.config.dimensions, discard=_discard(call))
    return _mutation(index.insert(batch))


def upsert(call: Call) -> Any:
    index = _index(call)
    batch = read_batch(call, "upsert", index.config.dimensions, discard=_discard(call))
    return _mutation(index.upsert(batch))


def query(call: Call) -> Any:
    call.allow_parameters()
    index = _index(call)
    body = json_body(call, _Query)
    if (body.vector is None) == (body.vector_id is None):
        raise InvalidRequest("exactly one of vector and vectorId must be given")
    limits = call.settings.limits
    options = QueryOptions.checked(
        limits,
        top_k=body.top_k,
        namespace=body.namespace,
        filter=body.filter,
        return_values=bool(body.return_values),
        return_metadata=_return_metadata(call, body.return_metadata),
        recall_target=call.recall_target,
    )
    hints.explain_filter(call, index, options)
    if body.vector_id is not None:
        [vector_id] = checked_ids([body.vector_id], limits)
        return wire.matches(index.query_by_id(vector_id, options))
    assert body.vector is not None
    vector = checked_vector(body.vector, index.config.dimensions)
    found = index.query(vector, options)
    hints.explain_namespace(call, options, found)
    return wire.matches(found)


def get_by_ids(call: Call) -> Any:
    call.allow_parameters()
    index = _index(call)
    ids = read_ids(call, call.settings.limits.get_ids)
    return [wire.vector(vector) for vector in index.get_by_ids(ids)]


def delete_by_ids(call: Call) -> Any:
    call.allow_parameters()
    index = _index(call)
    return _mutation(index.delete_by_ids(read_ids(call, call.settings.limits.delete_ids)))


def list_vectors(call: Call) -> Any:
    call.allow_parameters("count", "cursor")
    index = _index(call)
    text = call.parameters.get("count")
    count = DEFAULT_LIST_COUNT if text is None else _count(call, text)
    return wire.page(index.list_vectors(count, call.parameters.get("cursor") or None))


def create_metadata_index(call: Call) -> Any:
    call.allow_parameters()
    index = _index(call)
    body = json_body(call, _CreateMetadataIndex)
    name, kind = schema.check_metadata_index(
        body.property_name, body.index_type, call.settings.limits
    )
    return _mutation(index.create_metadata_index(name, kind))


def list_metadata_indexes(call: Call) -> Any:
    call.allow_parameters()
    return wire.metadata_indexes(_index(call).list_metadata_indexes())


def delete_metadata_index(call: Call) -> Any:
    call.allow_parameters()
    index = _index(call)
    name = _property_to_delete(call)
    return _mutation(index.delete_metadata_index(schema.check_property(name, call.settings.limits)))


def read_new_index(call: Call) -> tuple[str, IndexConfig, str | None]:
    """The name, configuration and description in the body of a creation.

    Raises:
        InvalidRequest, InvalidName, InvalidConfig
    """
    body = json_body(call, _CreateIndex)
    limits = call.settings.limits
    schema.check_index_name(body.name, limits)
    description = schema.check_description(body.description, limits)
    config = schema.check_config(body.config, limits, call.recall_target)
    note_unknown(call, body.config or (), _Config)
    return body.name, config, description


def read_ids(call: Call, most: int) -> list[str]:
    """The ids in a body, each once. Raises InvalidRequest, InvalidId or TooManyIds."""
    ids = checked_ids(json_body(call, _Ids).ids, call.settings.limits)
    if len(ids) > most:
        raise TooManyIds(most, len(ids))
    return ids


NAMES = [
    operation.__name__
    for operation in (
        *(list_indexes, create_index, get_index, delete_index, info),
        *(insert, upsert, query, get_by_ids, delete_by_ids, list_vectors),
        *(create_metadata_index, list_metadata_indexes, delete_metadata_index),
    )
]
"""What the operations are called where a person names one."""


def _index(call: Call) -> Index:
    return call.engine.open_index(call.account, call.index)


def _mutation(mutation_id: str) -> dict[str, str]:
    return {"mutationId": mutation_id}


def _discard(call: Call) -> bool:
    call.allow_parameters("unparsable-behavior")
    behavior = call.parameters.get("unparsable-behavior", "error")
    if behavior not in ("error", "discard"):
        raise InvalidParameter(f'unparsable-behavior must be error or discard, got "{behavior}"')
    return behavior == "discard"


def _count(call: Call, text: str) -> int:
    limits = call.settings.limits
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise InvalidCount(f'must be between 1 and {limits.list_count}, got "{text}"')
    check_count(int(text), limits)
    return int(text)


def _return_metadata(call: Call, given: object) -> ReturnMetadata:
    """A boolean is refused as the service does, unless the profile is lenient."""
    if given is None:
        return "none"
    if given in get_args(ReturnMetadata):
        return cast(ReturnMetadata, given)
    if isinstance(given, bool) and call.settings.profile == "open":
        return "all" if given else "none"
    place = place_of(call.body, "returnMetadata")
    if isinstance(given, str):
        raise InvalidRequest(
            f"returnMetadata: unknown variant `{given}`, "
            f"expected one of `none`, `indexed`, `all` at {place}"
        )
    raise InvalidRequest(f"returnMetadata: expected value at {place}")


def _property_to_delete(call: Call) -> str:
    if call.settings.profile == "open" and b'"propertyName"' not in call.body:
        return json_body(call, _DeleteMetadataIndexAlias).property
    return json_body(call, _DeleteMetadataIndex).property_name
