"""Runs a session of stock wrangler with remote bindings; alone in its namespaces, see `main`."""

from __future__ import annotations

import fcntl
import json
import shutil
import socket
import struct
import subprocess
import sys
from pathlib import Path

from tests.clients.workers import project
from tests.clients.workers.indexes import Indexes
from tests.clients.workers.release import Release
from tests.support.server import ACCOUNT, TOKEN, Server

_SIOCSIFFLAGS = 0x8914
_UP = 0x1 | 0x40  # IFF_UP, IFF_RUNNING


def command(release: Release, folder: Path) -> list[str] | None:
    """What runs `main` in namespaces of its own; None where they can't be made."""
    unshare = shutil.which("unshare")
    if not unshare:
        return None
    prefix = [unshare, "--mount", "--net", "--map-root-user"]
    if subprocess.run([*prefix, "true"], capture_output=True).returncode:
        return None
    arguments = [release.version, str(release.node), str(release.modules), str(folder)]
    return [*prefix, sys.executable, "-m", __name__, *arguments]


def main(version: str, node: str, modules: str, folder: str) -> None:
    """Print the scenario's outcomes with `remote: true`.

    Port 443 and the hosts file are those of the namespaces: nothing of the machine is touched.
    """
    release, place = Release(version, Path(node), Path(modules)), Path(folder)
    hosts = place / "hosts"
    hosts.write_text("127.0.0.1 localhost\n127.0.0.1 scenario.vecinity.local.workers.dev\n")
    subprocess.run(["mount", "--bind", str(hosts), "/etc/hosts"], check=True)
    _bring_up("lo")
    data = place / "data"
    with Server(data, "--wrangler-remote", "--token", TOKEN) as server:
        bound = Indexes(server).of("remote")
        project.write_remote(place, bound)
        told = {
            "CLOUDFLARE_API_BASE_URL": server.api,
            "CLOUDFLARE_API_TOKEN": TOKEN,
            "CLOUDFLARE_ACCOUNT_ID": ACCOUNT,
            "NODE_EXTRA_CA_CERTS": str(data / "wrangler-remote" / "ca.pem"),
        }
        with release.dev(place, environment=None, **told) as wrangler:
            outcomes = wrangler.answer()
        assert "Traceback" not in server.log(), server.log()
    print(json.dumps(outcomes))


def _bring_up(interface: str) -> None:
    with socket.socket() as any_socket:
        request = struct.pack("16sh14x", interface.encode(), _UP)
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, request)


if __name__ == "__main__":
    main(*sys.argv[1:])
