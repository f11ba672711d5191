"""`insert` and `upsert` read files line by line and say where they stopped."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from vecinity.cli.main import main

Run = Callable[..., Result]
ONES = [1.0] * 32


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a command on a directory with an empty index `docs`."""

    def invoke(*args: str, **options: Any) -> Result:
        return CliRunner().invoke(main, [*args, "--data", str(tmp_path / "data")], **options)

    assert invoke("create", "docs", "--dimensions=32", "--metric=cosine").exit_code == 0
    return invoke


def line(vector_id: str, **fields: Any) -> str:
    return json.dumps({"id": vector_id, "values": ONES, **fields})


def written(folder: Path, text: str) -> str:
    path = folder / "vectors.ndjson"
    path.write_text(text, encoding="utf-8", newline="")
    return str(path)


def stored(run: Run) -> list[str]:
    page = json.loads(run("list-vectors", "docs", "--json").stdout)
    return [vector["id"] for vector in page["vectors"]]


def test_batches(run: Run, tmp_path: Path) -> None:
    file = written(tmp_path, "\n".join(line(str(number)) for number in range(5)))
    sent = run("insert", "docs", "--file", file, "--batchSize", "2")
    assert sent.exit_code == 0, sent.output
    assert sent.stdout.count("Mutation") == 3
    assert stored(run) == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("operation", ["insert", "upsert"])
def test_json_answer(run: Run, tmp_path: Path, operation: str) -> None:
    file = written(tmp_path, line("a") + "\n" + line("b"))
    sent = run(operation, "docs", "--file", file, "--json")
    assert json.loads(sent.stdout) == {"index": "docs", "count": 2}


def test_insert_keeps_and_upsert_replaces(run: Run, tmp_path: Path) -> None:
    for operation, value, expected in [
        ("insert", 1, 1),
        ("insert", 2, 1),
        ("upsert", 3, 3),
    ]:
        file = written(tmp_path, line("a", metadata={"n": value}))
        sent = run(operation, "docs", "--file", file)
        assert sent.exit_code == 0, sent.output
        [found] = json.loads(run("get-vectors", "docs", "--ids", "a").stdout)
        assert found["metadata"] == {"n": expected}


def test_blank_lines_line_ends_and_a_mark(run: Run, tmp_path: Path) -> None:
    file = written(tmp_path, "\ufeff" + line("a") + "\r\n\r\n  \n" + line("ü") + "\r\n\n")
    assert run("insert", "docs", "--file", file).exit_code == 0
    assert stored(run) == ["a", "ü"]


def test_nulls_are_as_if_left_out(run: Run, tmp_path: Path) -> None:
    file = written(tmp_path, line("a", namespace=None, metadata=None))
    assert run("insert", "docs", "--file", file).exit_code == 0
    [found] = json.loads(run("get-vectors", "docs", "--ids", "a").stdout)
    assert found == {"id": "a", "values": ONES}


def test_standard_input(run: Run) -> None:
    assert run("insert", "docs", "--file", "-", input=line("a")).exit_code == 0
    assert stored(run) == ["a"]


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "[]",
        '"x"',
        '{"id": 7, "values": [1]}',
        '{"id": "x", "vector": [1]}',
        '{"id": "x", "values": ["1"]}',
        '{"id": "x", "values": [NaN]}',
        '{"id": "x", "values": [1], "metadata": 5}',
        '{"id": "x", "values": [1], "metdata": {}, "namespace": 5}',
    ],
)
def test_an_unreadable_line(run: Run, tmp_path: Path, bad: str) -> None:
    file = written(tmp_path, "\n".join([line("a"), "", line("b"), bad, line("c")]))
    stopped = run("insert", "docs", "--file", file, "--batch-size", "1")
    assert stopped.exit_code == 1
    assert f"{file}, line 4 is no vector" in stopped.stderr
    assert "2 vectors" in stopped.stderr
    assert stored(run) == ["a", "b"]


def test_a_vector_that_is_refused(run: Run, tmp_path: Path) -> None:
    wide = json.dumps({"id": "x", "values": [1.0]})
    file = written(tmp_path, "\n".join([line("a"), line("b"), wide]))
    stopped = run("insert", "docs", "--file", file, "--batch-size", "2")
    assert stopped.exit_code == 1
    first, second = stopped.stderr.splitlines()
    assert first.endswith("expected 32 dimensions, and got 1 dimensions [code: 40012]")
    assert "lines 3 to 3" in second
    assert stored(run) == ["a", "b"]


def test_values_beyond_float32(run: Run, tmp_path: Path) -> None:
    file = written(tmp_path, json.dumps({"id": "x", "values": [1e39] * 32}))
    assert "[code: 40012]" in run("insert", "docs", "--file", file).stderr


def test_unknown_fields_are_named_once(run: Run, tmp_path: Path) -> None:
    file = written(tmp_path, "\n".join([line("a", nmespace="x"), line("b", nmespace="x")]))
    sent = run("insert", "docs", "--file", file)
    assert sent.exit_code == 0
    assert sent.stderr.count("nmespace") == 1
    assert stored(run) == ["a", "b"]


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_empty_file(run: Run, tmp_path: Path, text: str) -> None:
    empty = run("insert", "docs", "--file", written(tmp_path, text))
    assert empty.exit_code == 1
    assert "there are no vectors" in empty.stderr


def test_a_missing_file(run: Run, tmp_path: Path) -> None:
    missing = run("insert", "docs", "--file", str(tmp_path / "nosuch"))
    assert missing.exit_code == 1
    assert "No such file" in missing.stderr


def test_a_folder_is_no_file(run: Run, tmp_path: Path) -> None:
    assert "cannot read" in run("insert", "docs", "--file", str(tmp_path)).stderr


def test_a_bar_on_a_terminal(run: Run, tmp_path: Path) -> None:
    file = written(tmp_path, line("a"))
    command = [sys.executable, "-m", "vecinity", "insert", "docs", "--file", file]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*command, "--data", str(tmp_path / "data")],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm"},
    ) as process:
        os.close(theirs)
        said, _ = process.communicate()
    drawn = os.read(ours, 100_000)
    os.close(ours)
    assert b"writing to docs" in drawn
    assert b"Mutation" not in said
    assert b"Sent 1 vector of" in said
