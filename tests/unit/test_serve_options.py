"""What `vecinity serve` takes for a duration and for a fault, and what it says of all else."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from vecinity.cli import serve_options
from vecinity.cli.main import main
from vecinity.cli.serve import serve
from vecinity.errors import TooManyRequests, VectorizeError, by_code
from vecinity.server import operations, rest
from vecinity.server.faults import Fault, InvalidFault, parse

_CONTEXT = click.Context(click.Command("any"))
_DELAY = next(param for param in serve.params if param.name == "delay")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2s", 2.0),
        ("500ms", 0.5),
        ("1m", 60.0),
        ("1.5", 1.5),
        (".25 s", 0.25),
        ("0", 0.0),
        ("24m", 1_440.0),
        ("86400", 86_400.0),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert serve_options.duration(_CONTEXT, _DELAY, text) == seconds


@pytest.mark.parametrize(
    ("text", "why"),
    [
        *(
            (text, "is no duration such as 2s, 500ms, 1m or 1.5.")
            for text in ["", "s", "-1s", "1h", "2 s s", "1e3", "nan", "inf", "1,5s", "٢s", "2S"]
        ),
        ("86401s", "is more than a day."),
        ("1" * 400, "is more than a day."),
    ],
)
def test_no_durations(text: str, why: str, tmp_path: Path) -> None:
    ran = _serve(tmp_path, f"--visibility-delay={text}")
    assert (ran[0], f"Invalid value for '--visibility-delay': '{text}' {why}") == (2, ran[1])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("rate=0.01,code=40041", Fault(0.01, 40041)),
        ("code=3000,rate=1", Fault(1.0, 3000)),
        ("rate=0,code=10500,operation=query", Fault(0.0, 10500, "query")),
        ("rate=.5, code=40050, operation=insert, seed=-7", Fault(0.5, 40050, "insert", -7)),
    ],
)
def test_faults(text: str, fault: Fault) -> None:
    assert parse(text) == fault


_CODES = ", ".join(str(code) for code in sorted(by_code()) if code)
_OPERATIONS = ", ".join(operations.NAMES)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", '"" is not of the form key=value'),
        ("rate=1,", '"" is not of the form key=value'),
        ("rate", '"rate" is not of the form key=value'),
        ("rat=1,code=3000", 'unknown key "rat"; known are rate, code, operation, seed'),
        ("rate=1,rate=1,code=3000", "rate is given twice"),
        ("code=3000", "rate is missing, as in rate=0.01,code=40041"),
        ("rate=1,seed=1", "code is missing, as in rate=0.01,code=40041"),
        *(
            (f"rate={rate},code=3000", f'rate must be a number from 0 to 1, got "{rate}"')
            for rate in ["", "x", "-0.1", "1.1", "1%", "nan", "inf"]
        ),
        *(
            (f"rate=1,code={code}", f'unknown code "{code}"; known are {_CODES}')
            for code in ["", "0", "429", "3e3", "03000"]
        ),
        *(
            (
                f"rate=1,code=3000,operation={name}",
                f'unknown operation "{name}"; known are {_OPERATIONS}',
            )
            for name in ["", "Query", "healthz", "refuse_v1"]
        ),
        ("rate=1,code=3000,seed=x", 'seed must be a whole number, got "x"'),
    ],
)
def test_no_faults(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidFault) as caught:
        parse(text)
    assert str(caught.value) == why
    assert _serve(tmp_path, f"--fail={text}") == (2, f"Invalid value for '--fail': {why}.")


def test_every_operation_of_the_api_has_a_name() -> None:
    assert sorted(operations.NAMES) == sorted(made.__name__ for _, _, made in rest.ROUTES)


@pytest.mark.parametrize("error", [by_code()[code] for code in sorted(by_code()) if code])
def test_every_code_has_its_status_and_text(error: type[VectorizeError]) -> None:
    struck = parse(f"rate=1,code={error.code}").error()
    assert (type(struck), struck.code, struck.status) == (error, error.code, error.status)
    assert struck.message
    assert struck.detail == "failed on purpose (--fail)"


def test_what_depends_on_a_request_is_marked() -> None:
    assert Fault(1, 40041).error().message == TooManyRequests().message
    text = "id too long; max is <max_bytes> bytes, got <got> bytes"
    assert Fault(1, 40008).error().message == text
    assert Fault(1, 3000).error().message == 'vectorize.index.not_found - Index name "<name>"'


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(0.015, 40041, "query"), "1.5% of query with code 40041, status 429"),
        (Fault(1.0, 40050), "100% of all operations with code 40050, status 503"),
        (Fault(0.0001, 3000), "0.01% of all operations with code 3000, status 404"),
    ],
)
def test_faults_in_words(fault: Fault, words: str) -> None:
    assert str(fault) == words


def test_a_seed_repeats_itself_and_rates_are_kept() -> None:
    first, again, other = (Fault(0.5, 40041, seed=seed) for seed in (7, 7, 8))
    struck = [[fault.strikes("query") for _ in range(1_000)] for fault in (first, again, other)]
    assert struck[0] == struck[1] != struck[2]
    assert 400 < sum(struck[0]) < 600
    for rate in (0, 1):
        fault = Fault(rate, 40041)
        assert {fault.strikes("query") for _ in range(1_000)} == {bool(rate)}


def _serve(folder: Path, flag: str) -> tuple[int, str]:
    """The exit status, and the error without its "Error: "."""
    ran = CliRunner().invoke(main, ["serve", "--data", str(folder / "data"), flag])
    assert not (folder / "data").exists()
    return ran.exit_code, ran.output.splitlines()[-1].removeprefix("Error: ")
