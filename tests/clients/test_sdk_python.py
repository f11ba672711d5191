"""Cloudflare's Python SDK, the newest and 4.3.1, as their users call it."""

from __future__ import annotations

import pytest

from tests.clients.conftest import Script

_VERSIONS = ("5.9.0", "4.3.1")


@pytest.fixture(scope="module", params=_VERSIONS)
def ran(request: pytest.FixtureRequest, run_python: Script) -> dict[str, object]:
    """What the script printed."""
    version: str = request.param
    name = f"sdk-python-{version.replace('.', '-')}"
    out: dict[str, object] = run_python(f"cloudflare-{version}", "sdk_python.py", name)
    assert out["version"] == version
    return out


@pytest.fixture
def name(ran: dict[str, object]) -> str:
    return f"sdk-python-{str(ran['version']).replace('.', '-')}"


def test_indexes(ran: dict[str, object], name: str) -> None:
    not_found = f'vectorize.index.not_found - Index name "{name}"'
    assert ran["missing"] == ["NotFoundError", 404, 3000, not_found]
    created = ran["create"]
    assert isinstance(created, dict)
    assert created["name"] == name
    assert created["config"] == {"dimensions": 32, "metric": "euclidean"}
    assert created["created_on"].startswith("20")
    assert ran["get"] == created
    assert ran["listed"] is True
    duplicate = f'vectorize.index.duplicate_name - Index name "{name}"'
    assert ran["duplicate"] == ["BadRequestError", 400, 3002, duplicate]
    assert ran["delete"] is None
    deleted = f'vectorize.index.deleted - Index name "{name}" was deleted'
    assert ran["gone"] == ["APIStatusError", 410, 3005, deleted]


def test_metadata_indexes(ran: dict[str, object]) -> None:
    assert ran["metadata_index"] is True
    listed = {"metadataIndexes": [{"propertyName": "kind", "indexType": "string"}]}
    assert ran["metadata_indexes"] == listed
    assert ran["index_dropped"] is True


def test_every_body_that_the_version_can_send_is_written(ran: dict[str, object]) -> None:
    assert (ran["text"], ran["text_as_ndjson"], ran["lower_case_header"]) == (True, True, True)
    # 4.3.1 refuses bytes itself, before it sends anything
    sent = ["TypeError"] if ran["version"] == "4.3.1" else None
    assert (ran["bytes"], ran["bytes_as_ndjson"]) == (sent, sent)
    info = ran["info"]
    assert isinstance(info, dict)
    assert (info["dimensions"], info["vectorCount"]) == (32, 5 if sent else 6)
    assert info["processedUpToMutation"]


def test_unparsable_behavior(ran: dict[str, object]) -> None:
    text = (
        "vectorize.upstream_error - failed to parse insert vectors request in ndjson format: "
        "line Some(1) was not expected format"
    )
    assert ran["broken"] == ["BadRequestError", 400, 40023, text]
    assert ran["discarded"] is True


def test_queries(ran: dict[str, object]) -> None:
    first = {"id": "a", "score": 0, "namespace": "n", "metadata": {"kind": "x"}}
    second = {"id": "b", "score": 1, "metadata": {"kind": "y"}}
    assert ran["query"] == {"count": 2, "matches": [first, second]}
    filtered = ran["filtered"]
    assert isinstance(filtered, dict)
    assert "a" not in [match["id"] for match in filtered["matches"]]
    assert filtered["matches"][0]["values"] == [2.5] + [1.0] * 31
    alone = {"id": "a", "score": 0, "namespace": "n"}
    assert ran["in_namespace"] == {"count": 1, "matches": [alone]}
    text = "invalid query vector, expected 32 dimensions, and got 1 dimensions"
    assert ran["wrong_dimensions"] == ["BadRequestError", 400, 40006, text]


def test_vectors_by_id(ran: dict[str, object]) -> None:
    assert ran["by_ids"] == [
        {"id": "b", "values": [2.5] + [1.0] * 31, "metadata": {"kind": "y"}},
        {
            "id": "a",
            "values": [1.5] + [1.0] * 31,
            "namespace": "n",
            "metadata": {"kind": "x"},
        },
    ]
    assert ran["deleted"] is True
    assert ran["count"] == (3 if ran["version"] == "4.3.1" else 4)


def test_listing(ran: dict[str, object]) -> None:
    if ran["version"] == "4.3.1":
        assert "pages" not in ran, "this version has no list_vectors"
    else:
        assert ran["pages"] == [["a", "b"], ["c", "d", "e", "f"]]
        assert ran["truncated"] == [True, False, 6]
