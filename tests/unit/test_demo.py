"""The demo's sample is what it says, and the demo runs, again too, and ends cleanly."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from vecinity import demo
from vecinity.cli.demo_queries import VECTOR_ID

COMMAND = [sys.executable, "-m", "vecinity", "demo"]


def test_the_sample() -> None:
    vectors = demo.vectors()
    assert len({vector.id for vector in vectors}) == len(vectors) == 2_000
    assert {vector.namespace for vector in vectors} == {"noun", "verb", "adj", "adv"}
    assert len({(vector.metadata or {})["section"] for vector in vectors}) == 45
    assert all(set(vector.metadata or {}) == {"text", "section", "words"} for vector in vectors)
    norms = np.linalg.norm([vector.values for vector in vectors], axis=1)
    assert np.allclose(norms, 1, atol=1e-2)
    assert VECTOR_ID in {vector.id for vector in vectors}


def test_the_package_data_is_small_and_has_its_licence() -> None:
    files = [file for file in resources.files(demo).iterdir() if file.is_file()]
    assert sum(len(file.read_bytes()) for file in files) < 3_000_000
    licence = resources.files(demo).joinpath("LICENSE-WORDNET").read_text(encoding="utf-8")
    assert "WordNet 3.0 Copyright 2006 by Princeton University" in licence
    assert "all-MiniLM-L6-v2" in licence


def test_the_sample_holds_the_true_neighbours_of_its_queries(real_data: Path) -> None:
    ids = {vector.id for vector in demo.vectors()}
    texts = [query["text"] for query in json.loads((real_data / "queries.json").read_text())]
    neighbors = np.load(real_data / "neighbors.i32.npy")
    with gzip.open(real_data / "metadata.jsonl.gz", "rt", encoding="utf-8") as lines:
        all_ids = [json.loads(line)["id"] for line in lines]
    for query in demo.queries().values():
        nearest = [all_ids[row] for row in neighbors[texts.index(query.text), :20]]
        assert set(nearest) <= ids


def test_its_script_makes_the_same_sample(real_data: Path, tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    shutil.copytree(root / "scripts", tmp_path / "scripts")
    out = tmp_path / "src" / "vecinity" / "demo"
    out.mkdir(parents=True)
    script = [sys.executable, str(tmp_path / "scripts" / "make_demo_sample.py")]
    subprocess.run([*script, "--data", str(real_data)], check=True, capture_output=True)
    ours = root / "src" / "vecinity" / "demo"
    made = {path.name: path.read_bytes() for path in out.iterdir()}
    assert made == {name: (ours / name).read_bytes() for name in made}
    assert set(made) == {"vectors.f16.npy", "records.jsonl.gz", "queries.f32.npy", "queries.json"}


def test_runs_again_on_its_own_data(tmp_path: Path) -> None:
    for _ in range(2):
        ended = run(tmp_path, "--exit", "--port", "0")
        assert ended.returncode == 0, ended.stdout
        assert "2,000 definitions" in ended.stdout
        assert "cloud-covered" in ended.stdout
        _, *rest = ended.stdout.splitlines()  # the first has the path of the data
        assert max(map(len, rest)) <= 100


def test_says_that_the_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = run(tmp_path, "--exit", "--port", str(taken.getsockname()[1]))
    assert ended.returncode == 1
    assert "Address already in use" in ended.stdout
    assert "--port" in ended.stdout
    assert "Traceback" not in ended.stdout


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_stays_up_until_told_to_end(tmp_path: Path, sign: signal.Signals, in_ci: bool) -> None:
    log = tmp_path / "log"
    data = str(tmp_path / "data")
    with log.open("wb") as out:
        command = [*COMMAND, "--port", "0", "--data", data]
        process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
    try:
        guide = wait_for(process, log, "# vecinity itself")
        assert "thunderhead" in run_curl(guide, in_ci)
        if sign is signal.SIGINT:
            os.killpg(process.pid, sign)  # as a terminal does, the server included
        else:
            process.send_signal(sign)
        assert process.wait(30) == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    said = log.read_text()
    assert said.rstrip().endswith("Stopped.")
    assert "Traceback" not in said
    url = re.search(r"http://127.0.0.1:(\d+)", said)
    assert url
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(url[1])))


@pytest.mark.parametrize(("sign", "ends"), [(signal.SIGINT, 0), (signal.SIGKILL, 1)])
def test_a_server_that_was_told_to_end_is_no_failure(
    tmp_path: Path, sign: signal.Signals, ends: int
) -> None:
    """Ctrl-C may reach the server first; one that was killed is a failure."""
    log = tmp_path / "log"
    with log.open("wb") as out:
        command = [*COMMAND, "--port", "0", "--data", str(tmp_path / "data")]
        process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
    try:
        wait_for(process, log, "# vecinity itself")
        [server] = _children(process.pid)
        os.kill(server, sign)
        assert process.wait(30) == ends
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert ("the server ended" in log.read_text()) == bool(ends)


def _children(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True)
    return [int(each) for each in found.stdout.split()]


def run(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *args, "--data", str(folder / "data")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )


def run_curl(guide: str, in_ci: bool) -> str:
    """What the printed curl command prints, run as it stands."""
    if not shutil.which("curl") and not in_ci:
        pytest.skip("there is no curl")
    command = guide.partition("# curl\n")[2].partition("\n\n#")[0]
    ended = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    return ended.stdout


def wait_for(process: subprocess.Popen[bytes], log: Path, text: str, timeout: float = 60) -> str:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        said = log.read_text()
        if text in said:
            return said
        assert process.poll() is None, said
        time.sleep(0.05)
    raise AssertionError(f"{text!r} was not printed in {timeout} s:\n{log.read_text()}")
