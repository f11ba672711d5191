"""One interface, two ways: `vecinity.open` and `vecinity.connect` answer the same."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vecinity
from tests.support.server import Server
from vecinity import Database, Index, Vector, errors
from vecinity.metric import Metric

_DIMENSIONS = 32
_ROWS = np.random.default_rng(3).standard_normal((50, _DIMENSIONS)).astype(np.float32)


@pytest.fixture(params=["open", "connect"])
def database(request: pytest.FixtureRequest, server: Server, tmp_path: Path) -> Iterator[Database]:
    """A database in this process, and one behind a server with an account of its own."""
    if request.param == "open":
        opened = vecinity.open(tmp_path / "data")
    else:
        opened = vecinity.connect(server.url, token="any", account=f"a{tmp_path.name[-20:]}")
    with opened:
        yield opened


@pytest.fixture
def index(database: Database) -> Index:
    """An index with 50 vectors, every second of them in the namespace `even`."""
    database.create_index("docs", dimensions=_DIMENSIONS, metric="cosine", description="a text")
    index = database.index("docs")
    index.create_metadata_index("n", "number")
    index.insert(
        Vector(f"v{n:02}", row, None if n % 2 else "even", b'{"n":%d,"deep":{"t":"x"}}' % n)
        for n, row in enumerate(_ROWS)
    )
    return index


def test_indexes(database: Database) -> None:
    made = database.create_index("b", dimensions=_DIMENSIONS, metric="euclidean")
    database.create_index("a", preset="@cf/baai/bge-small-en-v1.5", description="small")
    assert [found.name for found in database.list_indexes()] == ["a", "b"]
    assert database.get_index("b") == made
    assert database.get_index("a").description == "small"
    assert database.get_index("a").config == vecinity.IndexConfig(384, Metric.COSINE)
    assert abs((datetime.now(UTC) - made.created_on).total_seconds()) < 60
    with pytest.raises(errors.DuplicateName):
        database.create_index("b", preset="@cf/baai/bge-small-en-v1.5")
    database.delete_index("b")
    with pytest.raises(errors.IndexDeleted, match='Index name "b" was deleted'):
        database.index("b")
    with pytest.raises(errors.IndexNotFound):
        database.get_index("c")


def test_values_and_metadata_come_back_bit_by_bit(index: Index) -> None:
    [found] = index.get_by_ids(["v07"])
    assert (found.id, found.namespace) == ("v07", None)
    assert found.values.dtype == np.float32
    assert found.values.tobytes() == _ROWS[7].tobytes()
    assert found.metadata == {"n": 7, "deep": {"t": "x"}}


def test_queries(index: Index) -> None:
    matches = index.query(_ROWS[4], top_k=3, return_values=True, return_metadata="all")
    assert (matches[0].id, matches[0].score, matches[0].namespace) == ("v04", 1.0, "even")
    assert matches[0].values is not None
    assert matches[0].values.tobytes() == _ROWS[4].tobytes()
    assert matches == sorted(matches, key=lambda match: -match.score)
    assert all(isinstance(match.score, float) for match in matches)
    assert [match.id for match in index.query_by_id("v04", top_k=3)] == [m.id for m in matches]
    assert index.query_by_id("nobody") == []
    few = index.query(list(_ROWS[4]), namespace="even", filter={"n": {"$gte": 40}})
    assert {match.id for match in few} == {"v40", "v42", "v44", "v46", "v48"}
    assert few[0].metadata is None


def test_writes_are_seen_and_counted(index: Index) -> None:
    mutation = index.upsert([{"id": "v00", "values": _ROWS[1], "metadata": {"n": -1}}])
    info = index.describe()
    assert (info.vector_count, info.processed_up_to_mutation) == (50, mutation)
    assert (info.dimensions, info.metric) == (_DIMENSIONS, "cosine")
    [found] = index.get_by_ids(["v00"])
    assert (found.namespace, found.metadata) == (None, {"n": -1})
    index.delete_by_ids(["v00", "nobody"])
    assert index.describe().vector_count == 49


def test_arrays_are_written_as_vectors_are(index: Index) -> None:
    rows = np.random.default_rng(4).standard_normal((3, _DIMENSIONS))
    metadata: list[dict[str, Any] | None] = [{"n": 1_000}, None, {"deep": {"t": ["é"]}}]
    ids = ["v00", "new", "newer"]
    index.insert_arrays(ids, rows, namespaces=["a", None, ""], metadata=metadata)
    assert index.describe().vector_count == 52
    old, new, newer = index.get_by_ids(ids)
    assert (old.namespace, old.metadata) == ("even", {"n": 0, "deep": {"t": "x"}})
    assert (new.namespace, newer.namespace) == (None, "")
    assert (new.metadata, newer.metadata) == (None, metadata[2])
    assert newer.values.tobytes() == rows[2].astype(np.float32).tobytes()
    mutation = index.upsert_arrays(ids, rows.astype(np.float32), namespaces="b", metadata=metadata)
    info = index.describe()
    assert (info.vector_count, info.processed_up_to_mutation) == (52, mutation)
    [found] = index.query(rows[0], namespace="b", filter={"n": {"$gte": 1_000}})
    assert (found.id, found.namespace) == ("v00", "b")


def test_arrays_are_written_all_or_none(index: Index) -> None:
    bad = np.full((2, _DIMENSIONS), np.nan)
    with pytest.raises(errors.InvalidVector, match="finite float32"):
        index.insert_arrays(["x", "y"], np.concatenate([_ROWS[:1], bad[:1]]))
    with pytest.raises(errors.InvalidVector, match="expected 32 dimensions, and got 31"):
        index.upsert_arrays(["x", "y"], _ROWS[:2, 1:])
    with pytest.raises(errors.UnparsableVectors):
        index.upsert_arrays(["x", "y"], _ROWS[:1])
    with pytest.raises(errors.TooManyVectors, match="max vector count is 5000, got 5001"):
        index.upsert_arrays([str(n) for n in range(5_001)], np.ones((5_001, _DIMENSIONS)))
    with pytest.raises(errors.InvalidId):
        index.upsert_arrays(["x", "y" * 65], _ROWS[:2])
    assert index.describe().vector_count == 50


def test_listing(index: Index) -> None:
    ids: list[str] = []
    page = index.list_vectors(count=20)
    while True:
        ids += page.ids
        assert page.total_count == 50
        if page.next_cursor is None:
            break
        assert page.cursor_expires is not None
        page = index.list_vectors(count=20, cursor=page.next_cursor)
    assert ids == [f"v{n:02}" for n in range(50)]
    with pytest.raises(errors.InvalidCursor):
        index.list_vectors(cursor="nonsense")


def test_metadata_indexes(index: Index) -> None:
    index.create_metadata_index("deep.t", "string")
    assert index.list_metadata_indexes() == [
        vecinity.MetadataIndex("n", "number"),
        vecinity.MetadataIndex("deep.t", "string"),
    ]
    index.delete_metadata_index("n")
    with pytest.raises(errors.MetadataIndexNotFound):
        index.delete_metadata_index("n")


def test_bad_input_is_the_api_s_error(index: Index) -> None:
    text = 'invalid vector for id="x", expected 32 dimensions, and got 2 dimensions'
    with pytest.raises(errors.InvalidVector, match=text):
        index.insert([{"id": "x", "values": [1.0, 2.0]}])
    with pytest.raises(errors.InvalidVector, match="finite"):
        index.insert([{"id": "x", "values": np.full(_DIMENSIONS, np.nan)}])
    with pytest.raises(errors.InvalidId, match="max is 64 bytes, got 65 bytes"):
        index.upsert([{"id": "x" * 65, "values": _ROWS[0]}])
    with pytest.raises(errors.UnparsableVectors):
        index.upsert([{"id": "x", "vector": _ROWS[0]}])
    with pytest.raises(errors.UnparsableVectors):
        index.upsert([])
    with pytest.raises(errors.InvalidQueryVector):
        index.query([1.0])
    with pytest.raises(errors.InvalidTopK, match="max top K is 100, but got 101"):
        index.query(_ROWS[0], top_k=101)
    with pytest.raises(errors.InvalidFilter):
        index.query(_ROWS[0], filter={"n": {"$near": 1}})
    with pytest.raises(errors.TooManyIds, match="max id count is 20, got 21"):
        index.get_by_ids([str(n) for n in range(21)])
    with pytest.raises(TypeError):
        index.delete_by_ids("v00")
    assert index.describe().vector_count == 50


@pytest.mark.parametrize("vector", [[10**400] * _DIMENSIONS, ["a"] * _DIMENSIONS, [[1.0]] * 32])
def test_what_is_no_query_vector(index: Index, vector: Any) -> None:
    with pytest.raises(errors.InvalidQueryVector):
        index.query(vector)


@pytest.mark.parametrize("options", [{"top_k": 2.5}, {"top_k": True}, {"return_metadata": "x"}])
def test_options_of_another_type(index: Index, options: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidRequest):
        index.query(_ROWS[0], **options)


def test_lone_surrogates_are_refused_everywhere(database: Database, index: Index) -> None:
    text = "a\ud800"
    for refused in (
        lambda: index.insert([{"id": text, "values": _ROWS[0]}]),
        lambda: index.insert([{"id": "a", "namespace": text, "values": _ROWS[0]}]),
        lambda: index.insert([{"id": "a", "metadata": {"k": text}, "values": _ROWS[0]}]),
        lambda: index.get_by_ids([text]),
        lambda: index.delete_by_ids([text]),
        lambda: index.query_by_id(text),
        lambda: index.query(_ROWS[0], namespace=text),
        lambda: index.query(_ROWS[0], filter={"k": text}),
        lambda: index.create_metadata_index(text, "string"),
        lambda: database.create_index(
            "d", preset="openai/text-embedding-ada-002", description=text
        ),
    ):
        with pytest.raises(errors.VectorizeError):
            refused()
    assert index.describe().vector_count == 50


def test_a_server_that_is_not_there() -> None:
    with (
        vecinity.connect("http://127.0.0.1:9") as database,  # the discard port
        pytest.raises(errors.UnexpectedAnswer, match=r"127\.0\.0\.1:9/client/v4/accounts/local/"),
    ):
        database.list_indexes()


def test_a_server_that_speaks_another_language() -> None:
    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>")

        def log_message(self, format: str, *args: object) -> None:
            """Be quiet."""

    with http.server.HTTPServer(("127.0.0.1", 0), Other) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        with (
            vecinity.connect(f"http://127.0.0.1:{other.server_port}") as database,
            pytest.raises(errors.UnexpectedAnswer, match="answered 200, which is no envelope"),
        ):
            database.list_indexes()
        other.shutdown()


def test_a_wrong_token(tmp_path: Path) -> None:
    with (
        Server(tmp_path / "data", "--token", "right") as server,
        vecinity.connect(server.url, token="wrong") as database,
        pytest.raises(errors.AuthenticationError),
    ):
        database.list_indexes()
