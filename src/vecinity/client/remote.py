"""`Engine` and `Index` over the V2 REST API of a server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

import numpy as np
import orjson

from vecinity.batch import Batch
from vecinity.client.transport import Transport
from vecinity.limits import RECALL_HEADER
from vecinity.metric import FloatArray, Metric
from vecinity.model import (
    IndexConfig,
    IndexDescription,
    IndexInfo,
    Indexing,
    Match,
    MetadataIndex,
    MetadataType,
    Vector,
    VectorPage,
    to_json,
)
from vecinity.query import QueryOptions


class RemoteEngine:
    """Implements `vecinity.engine.Engine`. Errors are the server's, as the same classes.

    Args:
        url: the server's address; a path, such as /client/v4, may follow.
        timeout: seconds that one request may take.
    """

    def __init__(self, url: str, token: str, timeout: float) -> None:
        self._transport = Transport(url, token, timeout)

    def create_index(
        self, account: str, name: str, config: IndexConfig, description: str | None
    ) -> IndexDescription:
        body: dict[str, Any] = {
            "name": name,
            "config": {"dimensions": config.dimensions, "metric": config.metric},
        }
        if description is not None:
            body["description"] = description
        headers = _recall_header(config.recall_target)
        return _description(self._transport.post(_indexes(account), body, headers))

    def list_indexes(self, account: str) -> list[IndexDescription]:
        return [_description(found) for found in self._transport.get(_indexes(account))]

    def get_index(self, account: str, name: str) -> IndexDescription:
        return _description(self._transport.get(_index(account, name)))

    def delete_index(self, account: str, name: str) -> None:
        self._transport.delete(_index(account, name))

    def open_index(self, account: str, name: str) -> RemoteIndex:
        config = self.get_index(account, name).config
        return RemoteIndex(self._transport, _index(account, name), config)

    def index_now(self) -> None:
        """A server does it when it sees fit."""

    def indexing(self) -> Indexing:
        found = self._transport.health()["indexing"]
        return Indexing(found["vectors"], found["indexes"])

    def close(self) -> None:
        self._transport.close()


class RemoteIndex:
    """Implements `vecinity.engine.Index`."""

    def __init__(self, transport: Transport, path: str, config: IndexConfig) -> None:
        self._transport = transport
        self._path = path
        self._config = config

    @property
    def config(self) -> IndexConfig:
        return self._config

    def insert(self, batch: Batch) -> str:
        return self._write("insert", batch)

    def upsert(self, batch: Batch) -> str:
        return self._write("upsert", batch)

    def delete_by_ids(self, ids: Sequence[str]) -> str:
        return self._mutation("delete_by_ids", {"ids": list(ids)})

    def get_by_ids(self, ids: Sequence[str]) -> list[Vector]:
        return [_vector(found) for found in self._post("get_by_ids", {"ids": list(ids)})]

    def query(self, vector: FloatArray, options: QueryOptions) -> list[Match]:
        return self._query({"vector": vector}, options)

    def query_by_id(self, vector_id: str, options: QueryOptions) -> list[Match]:
        return self._query({"vectorId": vector_id}, options)

    def list_vectors(self, count: int, cursor: str | None) -> VectorPage:
        parameters = {"count": str(count)} | ({"cursor": cursor} if cursor else {})
        found = self._transport.get(f"{self._path}/list", parameters)
        return VectorPage(
            [vector["id"] for vector in found["vectors"]],
            found["totalCount"],
            found["nextCursor"],
            _time(found["cursorExpirationTimestamp"]),
        )

    def info(self) -> IndexInfo:
        found = self._transport.get(f"{self._path}/info")
        return IndexInfo(
            found["dimensions"],
            self._config.metric,
            found["vectorCount"],
            _time(found["processedUpToDatetime"]),
            found["processedUpToMutation"],
        )

    def create_metadata_index(self, property_name: str, type: MetadataType) -> str:
        body = {"propertyName": property_name, "indexType": type}
        return self._mutation("metadata_index/create", body)

    def delete_metadata_index(self, property_name: str) -> str:
        return self._mutation("metadata_index/delete", {"propertyName": property_name})

    def list_metadata_indexes(self) -> list[MetadataIndex]:
        found = self._transport.get(f"{self._path}/metadata_index/list")["metadataIndexes"]
        return [MetadataIndex(index["propertyName"], index["indexType"]) for index in found]

    def _query(self, target: dict[str, Any], options: QueryOptions) -> list[Match]:
        body = {
            **target,
            "topK": options.top_k,
            "returnValues": options.return_values,
            "returnMetadata": options.return_metadata,
        }
        if options.namespace is not None:
            body["namespace"] = options.namespace
        if options.filter is not None:
            body["filter"] = options.filter.json
        headers = _recall_header(options.recall_target)
        found = self._transport.post(f"{self._path}/query", body, headers)
        return [_match(match) for match in found["matches"]]

    def _write(self, operation: str, batch: Batch) -> str:
        found = self._transport.upload(f"{self._path}/{operation}", _ndjson(batch))
        mutation_id: str = found["mutationId"]
        return mutation_id

    def _mutation(self, operation: str, body: dict[str, Any]) -> str:
        mutation_id: str = self._post(operation, body)["mutationId"]
        return mutation_id

    def _post(self, operation: str, body: dict[str, Any]) -> Any:
        return self._transport.post(f"{self._path}/{operation}", body)


def _indexes(account: str) -> str:
    return f"/accounts/{quote(account, safe='')}/vectorize/v2/indexes"


def _index(account: str, name: str) -> str:
    return f"{_indexes(account)}/{quote(name, safe='')}"


def _ndjson(batch: Batch) -> bytes:
    """The batch as lines of JSON; values in float32's shortest digits, which read back equal."""
    parts = zip(batch.ids, batch.values, batch.namespaces, batch.metadata, strict=True)
    return b"".join(_line(*part) for part in parts)


def _line(
    vector_id: str, values: FloatArray, namespace: str | None, metadata: bytes | None
) -> bytes:
    line: dict[str, Any] = {"id": vector_id, "values": values}
    if namespace is not None:
        line["namespace"] = namespace
    if metadata is not None:
        line["metadata"] = orjson.Fragment(metadata)
    return orjson.dumps(line, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE)


def _recall_header(target: float | None) -> dict[str, str]:
    return {} if target is None else {RECALL_HEADER: str(target)}


def _description(found: dict[str, Any]) -> IndexDescription:
    config = found["config"]
    return IndexDescription(
        found["name"],
        IndexConfig(config["dimensions"], Metric(config["metric"])),
        found.get("description"),
        datetime.fromisoformat(found["created_on"]),
        datetime.fromisoformat(found["modified_on"]),
    )


def _vector(found: dict[str, Any]) -> Vector:
    values = np.array(found["values"], np.float32)
    return Vector(found["id"], values, found.get("namespace"), _metadata(found))


def _match(found: dict[str, Any]) -> Match:
    values = found.get("values")
    return Match(
        found["id"],
        float(np.float32(found["score"])),
        None if values is None else np.array(values, np.float32),
        found.get("namespace"),
        _metadata(found),
    )


def _metadata(found: dict[str, Any]) -> bytes | None:
    metadata = found.get("metadata")
    return None if metadata is None else to_json(metadata)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
