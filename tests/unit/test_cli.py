"""Every command of wrangler's, against a server and against a directory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.support.server import ACCOUNT, TOKEN, Server
from vecinity.cli.main import main

Run = Callable[..., Result]

VECTORS = [
    {
        "id": str(number),
        "values": [float(number + 1)] + [0.5] * 31,
        "namespace": "odd" if number % 2 else "even",
        "metadata": {"lang": "en" if number < 3 else "de", "size": number},
    }
    for number in range(5)
]


@pytest.fixture(params=["server", "directory"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    """Runs a command on an empty database, as `run("list", "--json")`."""
    if request.param == "server":
        url = request.getfixturevalue("server").url
        account = tmp_path.name[-32:].replace("_", "-")
        target = ["--url", url, "--token", TOKEN, "--account", account]
    else:
        target = ["--data", str(tmp_path / "data")]
    return lambda *args, **options: CliRunner().invoke(main, [*args, *target], **options)


@pytest.fixture
def docs(run: Run, tmp_path: Path) -> Run:
    """The same, with five vectors in an index `docs`."""
    good(run("create", "docs", "--dimensions", "32", "--metric", "cosine"))
    good(run("create-metadata-index", "docs", "--propertyName", "lang", "--type", "string"))
    good(run("create-metadata-index", "docs", "--property-name=size", "--type=number"))
    good(run("insert", "docs", "--file", str(written(tmp_path, VECTORS))))
    return run


def written(folder: Path, vectors: list[dict[str, Any]]) -> Path:
    path = folder / "vectors.ndjson"
    path.write_text("\n".join(json.dumps(vector) for vector in vectors))
    return path


def good(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def as_json(result: Result) -> Any:
    return json.loads(good(result))


def ids(result: Result) -> list[str]:
    return [match["id"] for match in as_json(result)["matches"]]


def test_create_prints_the_binding(run: Run) -> None:
    said = good(run("create", "docs", "--dimensions=32", "--metric=euclidean", "--binding", "DOCS"))
    assert json.loads(said[said.index("{") :]) == {
        "vectorize": [{"binding": "DOCS", "index_name": "docs"}]
    }


def test_create_from_a_preset_answers_the_resolved_index(run: Run) -> None:
    made = as_json(run("create", "docs", "--preset", "@cf/baai/bge-small-en-v1.5", "--json"))
    assert made["config"] == {"dimensions": 384, "metric": "cosine"}
    assert made == as_json(run("get", "docs", "--json"))
    assert [made] == as_json(run("list", "--json"))


def test_a_preset_wins_as_it_does_in_wrangler(run: Run) -> None:
    preset = ["--preset", "@cf/baai/bge-small-en-v1.5"]
    good(run("create", "docs", *preset, "--dimensions", "32", "--metric", "cosine"))
    assert as_json(run("get", "docs", "--json"))["config"]["dimensions"] == 384


def test_create_needs_a_configuration(run: Run) -> None:
    refused = run("create", "docs", "--dimensions", "32")
    assert refused.exit_code == 2
    assert "--preset" in refused.stderr


def test_tables_show_texts_as_they_are(run: Run) -> None:
    text = "[bold]x[/bold] :smile:"
    good(run("create", "docs", "--dimensions=32", "--metric=cosine", f"--description={text}"))
    assert text in good(run("list"))
    assert text in good(run("get", "docs"))


def test_list_of_nothing(run: Run) -> None:
    assert as_json(run("list", "--json")) == []
    nothing = run("list")
    assert good(nothing) == ""
    assert "vecinity create" in nothing.stderr


def test_info(docs: Run) -> None:
    info = as_json(docs("info", "docs", "--json", "true"))
    assert (info["vectorCount"], info["dimensions"], info["metric"]) == (5, 32, "cosine")
    assert info["processedUpToMutation"] in good(docs("info", "docs"))


def test_delete_asks(docs: Run) -> None:
    assert "Nothing was deleted" in good(docs("delete", "docs", input="n\n"))
    assert as_json(docs("info", "docs", "--json"))["vectorCount"] == 5
    assert "Deleted" in good(docs("delete", "docs", input="y\n"))
    gone = docs("get", "docs")
    assert (gone.exit_code, gone.stdout) == (1, "")
    assert gone.stderr.endswith("[code: 3005]\n")


@pytest.mark.parametrize("force", ["-y", "--force"])
def test_delete_by_force(docs: Run, force: str) -> None:
    good(docs("delete", "docs", force))
    assert as_json(docs("list", "--json")) == []


def test_query_by_vector(docs: Run) -> None:
    found = as_json(docs("query", "docs", "--vector", "1", *["0.5"] * 31, "--top-k", "2"))
    assert found["count"] == 2
    assert found["matches"][0] == {"id": "0", "score": 1.0, "namespace": "even"}


def test_query_defaults(docs: Run) -> None:
    assert len(ids(docs("query", "docs", "--vectorId", "0"))) == 5


def test_query_options(docs: Run) -> None:
    flags = ["--returnValues", "true", "--returnMetadata", "all", "--namespace", "odd"]
    [match] = as_json(docs("query", "docs", "--vector-id", "1", "--topK=1", *flags))["matches"]
    assert match["values"] == VECTORS[1]["values"]
    assert match["metadata"] == VECTORS[1]["metadata"]
    assert match["namespace"] == "odd"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('{"lang": "de"}', {"3", "4"}),
        ('{"size": {"$gte": 1, "$lt": 3}}', {"1", "2"}),
        ('{"lang": {"$ne": "en"}, "size": 4}', {"4"}),
    ],
)
def test_query_filter(docs: Run, condition: str, expected: set[str]) -> None:
    assert set(ids(docs("query", "docs", "--vector-id=0", "--filter", condition))) == expected


def test_query_without_matches(docs: Run) -> None:
    nothing = docs("query", "docs", "--vector-id", "nosuch")
    assert (good(nothing), nothing.stderr) == ("", "There are no matches.\n")


def test_query_without_matches_for_want_of_a_metadata_index(docs: Run) -> None:
    condition = '{"lang": "de", "colour": {"$ne": "red"}}'
    nothing = docs("query", "docs", "--vector-id=0", "--filter", condition)
    why = "'colour' has no metadata index, so the filter matches nothing"
    how = "see vecinity create-metadata-index --help"
    assert (good(nothing), nothing.stderr) == ("", f"There are no matches.\n{why}: {how}\n")
    nothing = docs("query", "docs", "--vector-id=0", "--filter", '{"lang": "none"}')
    assert (good(nothing), nothing.stderr) == ("", "There are no matches.\n")


@pytest.mark.parametrize("vector", [[], ["--vector", "1", "--vector-id", "a"]])
def test_query_needs_one_vector(docs: Run, vector: list[str]) -> None:
    assert docs("query", "docs", *vector).exit_code == 2


def test_get_vectors(docs: Run) -> None:
    assert as_json(docs("get-vectors", "docs", "--ids", "3", "nosuch", "1")) == [
        VECTORS[3],
        VECTORS[1],
    ]
    assert good(docs("get-vectors", "docs", "--ids", "nosuch")) == ""


def test_delete_vectors(docs: Run) -> None:
    assert "Mutation" in good(docs("delete-vectors", "docs", "--ids", "1", "2", "nosuch"))
    assert as_json(docs("info", "docs", "--json"))["vectorCount"] == 3


def test_list_vectors_page_by_page(docs: Run) -> None:
    first = as_json(docs("list-vectors", "docs", "--count", "3", "--json"))
    assert [vector["id"] for vector in first["vectors"]] == ["0", "1", "2"]
    assert (first["count"], first["totalCount"], first["isTruncated"]) == (3, 5, True)
    cursor = first["nextCursor"]
    last = as_json(docs("list-vectors", "docs", "--cursor", cursor, "--json"))
    assert [vector["id"] for vector in last["vectors"]] == ["3", "4"]
    assert (last["isTruncated"], last["nextCursor"]) == (False, None)


def test_list_vectors_says_how_to_go_on(docs: Run) -> None:
    *_, command = good(docs("list-vectors", "docs", "--count", "3")).splitlines()
    more = good(CliRunner().invoke(main, command.split()[1:]))
    assert "2 of 5" in more


def test_metadata_indexes(docs: Run) -> None:
    assert as_json(docs("list-metadata-index", "docs", "--json")) == [
        {"propertyName": "lang", "indexType": "string"},
        {"propertyName": "size", "indexType": "number"},
    ]
    assert "lang" in good(docs("list-metadata-index", "docs"))
    good(docs("delete-metadata-index", "docs", "--propertyName", "lang"))
    assert "lang" not in good(docs("list-metadata-index", "docs"))


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["get", "nosuch"], 3000),
        (["create", "docs", "--dimensions=32", "--metric=cosine"], 3002),
        (["create", "b", "--dimensions=5", "--metric=cosine"], 3001),
        (["create", "no good", "--dimensions=32", "--metric=cosine"], 3003),
        (["query", "docs", "--vector", "1", "-2"], 40006),
        (["query", "docs", "--vector-id=0", "--filter={"], 40022),
        (["query", "docs", "--vector-id=0", '--filter={"$x":1}'], 40022),
        (["query", "docs", "--vector-id=0", "--top-k=51", "--return-values"], 40025),
        (["get-vectors", "docs", "--ids", *map(str, range(21))], 40007),
        (["list-vectors", "docs", "--count", "1001"], 40027),
        (["list-vectors", "docs", "--cursor", "x"], 40028),
        (["delete-metadata-index", "docs", "--property-name", "x"], 40005),
    ],
)
def test_errors_are_the_apis(docs: Run, args: list[str], code: int) -> None:
    refused = docs(*args)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.splitlines()[0].endswith(f"[code: {code}]")


def test_v1_is_refused(run: Run) -> None:
    refused = run("list", "--deprecated-v1")
    assert refused.exit_code == 2
    assert "V1" in refused.stderr
    assert as_json(run("list", "--deprecated-v1=false", "--json")) == []


def test_the_environment_names_the_database(tmp_path: Path, server: Server) -> None:
    data = {"VECINITY_DATA": str(tmp_path / "data")}
    create = ["create", "here", "--dimensions=32", "--metric=cosine"]
    good(CliRunner().invoke(main, create, env=data))
    remote = {"VECINITY_URL": server.url, "VECINITY_TOKEN": TOKEN, "VECINITY_ACCOUNT": "elsewhere"}
    assert as_json(CliRunner().invoke(main, ["list", "--json"], env={**data, **remote})) == []
    typed = ["list", "--json", "--data", str(tmp_path / "data")]
    [found] = as_json(CliRunner().invoke(main, typed, env=remote))
    assert found["name"] == "here"


def test_the_target_may_stand_before_the_command(tmp_path: Path) -> None:
    target = ["--data", str(tmp_path / "data"), "--profile=open"]
    good(CliRunner().invoke(main, [*target, "create", "a", "--dimensions=5", "--metric=cosine"]))
    [found] = as_json(CliRunner().invoke(main, [*target, "list", "--json"]))
    assert found["config"]["dimensions"] == 5


def test_a_running_servers_directory(server: Server) -> None:
    refused = CliRunner().invoke(main, ["list", "--data", str(server.data)])
    assert refused.exit_code == 1
    assert "--url" in refused.stderr


def test_no_server_there() -> None:
    nobody = CliRunner().invoke(main, ["list", "--url", "http://127.0.0.1:9"])
    assert (nobody.exit_code, nobody.stdout) == (1, "")
    assert "127.0.0.1:9" in nobody.stderr


def test_as_a_program(server: Server) -> None:
    command = [sys.executable, "-m", "vecinity", "get", "nosuch", "--url", server.url]
    ended = subprocess.run([*command, "--account", ACCOUNT], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == 'vectorize.index.not_found - Index name "nosuch" [code: 3000]\n'
