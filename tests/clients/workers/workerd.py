"""workerd by itself, with the server behind its own Vectorize binding."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tests.clients.workers.program import Program
from tests.clients.workers.project import SCENARIO
from tests.support.server import ACCOUNT, TOKEN, Server

_READY = r'"socket":"http","port":(\d+)'


def serve(
    modules: Path,
    server: Server,
    indexes: Mapping[str, str],
    folder: Path,
    token: str = TOKEN,
    *,
    worker: Path = SCENARIO,
    version: str = "v2",
) -> Program:
    """A Worker on the workerd in `modules`, with a binding for each of `indexes`.

    Args:
        version: of the bindings; one of V1 says itself which index it means.
    """
    services = "".join(_server(server, name, index, token) for name, index in indexes.items())
    bindings = ", ".join(_binding(name, index, version) for name, index in indexes.items())
    return run(modules, folder, services, bindings, worker)


def run(modules: Path, folder: Path, services: str, bindings: str, worker: Path) -> Program:
    """A Worker with these bindings, beside these services, in Cap'n Proto's text."""
    [program] = (modules / "@cloudflare").glob("workerd-*/bin/workerd*")
    config = folder / "worker.capnp"
    config.write_text(_config(services, bindings, worker))
    command = [str(program), "serve", str(config), "--control-fd=1"]
    return Program(command, _READY, folder, {})


def _config(services: str, bindings: str, worker: Path) -> str:
    return f"""using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [{services}
    (name = "main", worker = (
      modules = [(name = "worker.mjs", esModule = {_quoted(worker.read_text())})],
      compatibilityDate = "2026-01-01",
      bindings = [{bindings}]
    ))
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
"""


def _server(server: Server, name: str, index: str, token: str) -> str:
    """The service through which a binding reaches the server: it says which index is meant."""
    headers = {
        "authorization": f"Bearer {token}",
        "x-vectorize-account": ACCOUNT,
        "x-vectorize-index": index,
    }
    injected = ", ".join(
        f"(name = {_quoted(header)}, value = {_quoted(value)})" for header, value in headers.items()
    )
    address = _quoted(f"127.0.0.1:{server.port}")
    return f"""
    (name = {_quoted(name)}, external = (
      address = {address}, http = (injectRequestHeaders = [{injected}])
    )),"""


def _binding(name: str, index: str, version: str) -> str:
    return f"""
        (name = {_quoted(name)}, wrapped = (
          moduleName = "cloudflare-internal:vectorize-api",
          innerBindings = [
            (name = "fetcher", service = {_quoted(name)}),
            (name = "indexId", text = {_quoted(index)}),
            (name = "indexVersion", text = {_quoted(version)}),
            (name = "useNdJson", json = "true")
          ]
        ))"""


def _quoted(text: str) -> str:
    """As Cap'n Proto takes it, which shares JSON's escapes of ASCII."""
    return json.dumps(text, ensure_ascii=False)
