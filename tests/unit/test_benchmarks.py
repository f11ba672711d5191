"""The benchmark harness on a few hundred made-up rows: its parts run, its figures are right."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.__main__ import main
from benchmarks.compare import at_recall
from benchmarks.stages import ARRAYS, BUILD, INGEST, QUERY
from benchmarks.truth import recall

from vecinity.metric import FloatArray

ROWS = 300


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder like the real set's."""
    rng = np.random.default_rng(1)
    folder = tmp_path / "data"
    folder.mkdir()
    np.save(folder / "vectors.f16.npy", rng.standard_normal((ROWS, 32)).astype(np.float16))
    np.save(folder / "queries.f32.npy", rng.standard_normal((20, 32), dtype=np.float32))
    with gzip.open(folder / "metadata.jsonl.gz", "wt") as lines:
        for row in range(ROWS):
            section = ("games", "math", "noun.artifact")[row % 3]
            record = {"source": "debian", "section": section, "installed_size": row}
            print(json.dumps({"id": str(row), "metadata": record}), file=lines)
    return folder


def run(part: str, data: Path, tmp_path: Path) -> dict[str, Any]:
    """The numbers of a part in which only our engine takes part."""
    out, cache = tmp_path / "out", tmp_path / "cache"
    folders = ["--data", str(data), "--cache", str(cache), "--out", str(out)]
    small = ["--scale", "small", "--rows", str(ROWS), "--rounds", "1"]
    main([part, *folders, *small, "--peers", "vecinity", "--no-plots"])
    page = (out / f"{part}.md").read_text()
    assert page.startswith("# ")
    assert str(tmp_path) not in page
    assert ".svg" not in page
    numbers: dict[str, Any] = json.loads((out / f"{part}.json").read_text())
    return numbers


def test_real(data: Path, tmp_path: Path) -> None:
    numbers = run("real", data, tmp_path)
    ours = numbers["peers"]["vecinity"]
    assert numbers["rows"] == ROWS
    assert ours["disk"] > ROWS * 32 * 4
    assert ours["memory"]["held"] > 1_000_000
    assert max(point["recall"] for point in ours["points"]) == 1
    assert all(0 < point["p50"] <= point["p99"] for point in ours["points"])
    assert not list((tmp_path / "cache" / "indexes").rglob("*.db"))


def test_filters(data: Path, tmp_path: Path) -> None:
    filters = run("filters", data, tmp_path)["filters"]
    kept = {each["name"]: each["rows"] for each in filters}
    assert kept["section = games"] == 100
    assert kept["94 <= installed_size < 108"] == 14
    assert all(point["recall"] == 1 for each in filters for point in each["points"])
    assert all(point["strangers"] == 0 for each in filters for point in each["points"])


def test_updates(data: Path, tmp_path: Path) -> None:
    numbers = run("updates", data, tmp_path)
    assert numbers["settled"]["written"] == ROWS
    assert all(each["ghosts"] == 0 for each in numbers["steps"])
    assert min(each["recall"] for each in numbers["steps"]) > 0.9
    assert min(numbers["rates"]) > 0


def test_recall_is_by_score() -> None:
    rows: FloatArray = np.eye(4, dtype=np.float32)
    rows[1] = rows[0]  # a tie: either is right
    queries: FloatArray = np.array([[1, 0.5, 0.25, 0]], dtype=np.float32)
    truth = np.array([[1.0, 1.0, 0.25, 0.0]])
    assert recall(rows, queries, [[1]], truth, "dot-product", k=1) == 1
    assert recall(rows, queries, [[0, 1]], truth, "dot-product", k=2) == 1
    assert recall(rows, queries, [[0, 0]], truth, "dot-product", k=2) == 0.5
    assert recall(rows, queries, [[0, 2]], truth, "dot-product", k=2) == 0.5
    assert recall(rows, queries, [[]], truth, "dot-product", k=2) == 0
    assert recall(rows, queries, [[0, 1, 2, 3]], truth, "dot-product") == 1


def test_latency_at_a_recall() -> None:
    points = [
        {"recall": 0.9, "p50": 1.0},
        {"recall": 0.8, "p50": 1.5},  # beaten
        {"recall": 1.0, "p50": 3.0},
    ]
    assert at_recall(points, 0.5) == 1
    assert at_recall(points, 0.95) == pytest.approx(2)
    assert at_recall(points[:2], 0.95) is None


def test_a_part_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["reel"])
    assert "no part 'reel'" in capsys.readouterr().err


def test_a_folder_without_the_set(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no vectors"):
        main(["real", "--data", str(tmp_path), "--cache", str(tmp_path)])


def test_the_functions_that_are_timed_exist() -> None:
    stages = [*INGEST, *ARRAYS, *BUILD, *QUERY]
    assert [name for _, owner, name in stages if not hasattr(owner, name)] == []
