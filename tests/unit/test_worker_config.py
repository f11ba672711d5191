"""`vecinity worker-config`: what it prints parses, says the same in each format, and leaks nothing.

That the tools accept it is shown by the tests of the real clients.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result

from vecinity.cli.main import main


def run(*arguments: str, **env: str) -> Result:
    return CliRunner().invoke(main, ["worker-config", *arguments], env=env)


def printed(*arguments: str) -> str:
    result = run("--index", "docs", "--binding", "PROD_SEARCH", *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def read(form: str, *arguments: str) -> Any:
    text = printed("--format", form, *arguments)
    if form == "toml":
        return tomllib.loads(text)
    return json.loads(re.sub(r"^//.*$", "", text, flags=re.MULTILINE))


@pytest.mark.parametrize("form", ["jsonc", "toml"])
def test_one_file_serves_deployment_and_development(form: str) -> None:
    vectorize = [{"binding": "PROD_SEARCH", "index_name": "docs"}]
    config = read(form)
    assert config.keys() == {"vectorize", "env"}
    assert config["vectorize"] == vectorize
    assert config["env"].keys() == {"development"}
    development = config["env"]["development"]
    assert development["vectorize"] == vectorize
    [unsafe] = development["unsafe"]["bindings"]
    assert (unsafe["name"], unsafe["type"]) == ("VECINITY", "vecinity")
    assert unsafe["dev"]["plugin"]["name"] == "vecinity"
    assert unsafe["dev"]["options"] == {}


@pytest.mark.parametrize("form", ["jsonc", "toml"])
def test_the_plugin_is_there(form: str) -> None:
    plugin = read(form)["env"]["development"]["unsafe"]["bindings"][0]["dev"]["plugin"]
    assert "export const plugins" in Path(plugin["package"]).read_text()
    shared = read(form, "--plugin", "vecinity")
    plugin = shared["env"]["development"]["unsafe"]["bindings"][0]["dev"]["plugin"]
    assert plugin == {"package": "vecinity", "name": "vecinity"}


@pytest.mark.parametrize("form", ["jsonc", "toml"])
def test_a_file_that_is_committed_names_the_server_but_no_token(form: str) -> None:
    given = ("--url", "https://vectors.example:8443/", "--account", "team")
    config = read(form, *given, "--token", "secret")
    options = config["env"]["development"]["unsafe"]["bindings"][0]["dev"]["options"]
    assert options == {"url": "https://vectors.example:8443", "account": "team"}
    assert "secret" not in json.dumps(config)


def test_miniflare_gets_it_all_in_one_address() -> None:
    found = re.search(r'new URL\("(.*)"\)', printed("--format=miniflare", "--token", "a&b c"))
    assert found
    url = urlsplit(found[1])
    assert (url.netloc, url.path) == ("127.0.0.1:8328", "/binding/local")
    assert parse_qs(url.query) == {"token": ["a&b c"], "PROD_SEARCH": ["docs"]}


def test_capnp_escapes_what_it_quotes() -> None:
    text = printed("--format=capnp", "--token", 'quo"te')
    assert r'value = "Bearer quo\"te"' in text
    assert '(name = "PROD_SEARCH", wrapped = (' in text


def test_the_environment_says_where_the_server_is() -> None:
    result = run("--index", "docs", VECINITY_URL="http://127.0.0.1:9", VECINITY_TOKEN="secret")
    assert '"url": "http://127.0.0.1:9"' in result.stdout
    assert "secret" not in result.output


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--index", "a b"], "must be letters, digits, underscores and hyphens"),
        (["--index", "a", "--binding", "a-b"], "a binding's name is a JavaScript identifier"),
        (["--index", "a", "--url", "ftp://x"], "must be like http://127.0.0.1:8328"),
        (["--index", "a", "--url", "http://x/client/v4"], "must be like http://127.0.0.1:8328"),
        ([], "Missing option '--index'"),
    ],
)
def test_what_can_t_be_bound_is_refused(arguments: list[str], why: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert why in " ".join(result.output.split())


def test_the_npm_package_has_the_version_of_the_python_package() -> None:
    import vecinity

    package = Path(vecinity.__file__).parent / "npm" / "package.json"
    assert json.loads(package.read_text())["version"] == vecinity.__version__
