"""The command line reads its arguments as wrangler's parser does."""

from __future__ import annotations

import json

import click
import pytest
from click.testing import CliRunner, Result

from vecinity.cli.command import Command, Many
from vecinity.cli.main import SECTIONS, main


@click.command(cls=Command)
@click.argument("name")
@click.option("--ids", cls=Many)
@click.option("--vector", cls=Many, type=float)
@click.option("--top-k", type=int, default=5)
@click.option("--text")
@click.option("--return-values", is_flag=True)
@click.option("--force", "-y", is_flag=True)
def probe(**given: object) -> None:
    """Prints what it was given."""
    click.echo(json.dumps(given))


def run(*args: str) -> Result:
    return CliRunner().invoke(probe, args)


@pytest.mark.parametrize(
    ("args", "name", "value"),
    [
        (["--ids", "a", "b", "c"], "ids", ["a", "b", "c"]),
        (["--ids", "a", "--ids", "b"], "ids", ["a", "b"]),
        (["--ids=a", "b"], "ids", ["a", "b"]),
        (["--ids", "-1", "--", "--force"], "ids", ["-1"]),
        (["--ids=--force"], "ids", ["--force"]),
        (["--vector", "1", "-2", "3e-4", "-.5", "-1e2"], "vector", [1, -2, 3e-4, -0.5, -100]),
        (["--topK", "7"], "top_k", 7),
        (["--topK=7"], "top_k", 7),
        (["--top-k", "-7"], "top_k", -7),
        (["--text", "--force"], "text", "--force"),
        (["--text="], "text", ""),
        (["--return-values"], "return_values", True),
        (["--returnValues", "true"], "return_values", True),
        (["--return-values=false"], "return_values", False),
        (["--return-values", "--no-return-values"], "return_values", False),
        (["--noReturnValues", "--returnValues"], "return_values", True),
        (["-y"], "force", True),
        (["--force", "false"], "force", False),
        (["--text", "force", "-y", "false"], "text", "force"),
    ],
)
def test_what_wrangler_takes(args: list[str], name: str, value: object) -> None:
    ahead = run("docs", *args) if "--" not in args else run(*args)
    assert ahead.exit_code == 0, ahead.output
    assert json.loads(ahead.stdout)[name] == value


def test_a_list_of_numbers_ends_before_a_name() -> None:
    given = json.loads(run("--vector", "1", "2", "docs").stdout)
    assert (given["name"], given["vector"]) == ("docs", [1, 2])


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (["docs", "--ids"], "'--ids' needs at least one value"),
        (["docs", "--vector"], "'--vector' needs at least one value"),
        (["docs", "--vector", "[1, 2]"], "'--vector' takes values one after another, not '[1, 2]'"),
        (["docs", "--nosuch"], "No such option"),
        (["docs", "--return-values=7"], "--return-values"),
        (["docs", "--text"], "requires an argument"),
        (["docs", "--vector", "1", "x"], "unexpected extra argument"),
    ],
)
def test_what_nobody_takes(args: list[str], complaint: str) -> None:
    refused = run(*args)
    assert refused.exit_code == 2
    assert complaint in refused.stderr


NAMES = [name for section in SECTIONS.values() for name in section]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_explains_itself(name: str) -> None:
    shown = CliRunner().invoke(main, [name, "--help"])
    assert shown.exit_code == 0, shown.output
    assert f"vecinity {name}" in shown.stdout.partition("Options:")[0].partition("\n")[2]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("serve", "verify")])
def test_the_summary_is_the_first_line_of_the_help(name: str) -> None:
    [summary] = [section[name].help for section in SECTIONS.values() if name in section]
    assert summary in CliRunner().invoke(main, [name, "--help"]).stdout


def test_the_overview_names_every_command() -> None:
    shown = CliRunner().invoke(main, ["--help"]).stdout
    assert all(f"  {name} " in shown for name in NAMES)


def test_two_databases_are_one_too_many() -> None:
    both = CliRunner().invoke(main, ["list", "--url", "http://127.0.0.1:9", "--data", "x"])
    assert both.exit_code == 2
    assert "--url and --data" in both.stderr
