"""`vecinity serve --wrangler-remote`: a TLS listener for the remote bindings of stock wrangler."""

from __future__ import annotations

import hmac
import socket
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import click

from vecinity.cli.serving import Beside, configuration, listen
from vecinity.engine import LegacyEngine
from vecinity.errors import CannotOpen
from vecinity.local.authority import certificates, renew_at_handshakes
from vecinity.server.preview import DOMAIN, PreviewTokens, create_preview_app
from vecinity.server.settings import ServerSettings

_FOLDER = "wrangler-remote"

_PORT = 443
"""Where wrangler looks; nothing can tell it otherwise."""

_HELP = """\
{error}
Port 443 takes a right that this process does not have. On Linux, as root, for all programs:
  sysctl net.ipv4.ip_unprivileged_port_start=443
or run the server as root."""


class Remote:
    """The listener and its certificates.

    Args:
        data: the server's directory; certificates are kept in a folder of it.
        token: the server's; with another one, preview tokens are void.

    Raises:
        ClickException: the address can't be listened on, or the certificates can't be used.
    """

    def __init__(self, data: Path, address: tuple[str, int], token: str) -> None:
        self._listener = _listen(*address)
        self._folder = data / _FOLDER
        try:
            self._certificates = certificates(self._folder, DOMAIN)
        except (CannotOpen, OSError) as error:
            raise click.ClickException(str(error)) from error
        secret = hmac.digest(self._certificates.secret, token.encode(), "sha256")
        self.tokens = PreviewTokens(secret)

    def server(self, engine: LegacyEngine, settings: ServerSettings) -> Beside:
        """The server on the listener."""
        config = configuration(
            create_preview_app(engine, settings, self.tokens),
            ssl_certfile=self._certificates.host,
            ssl_keyfile=self._certificates.key,
        )
        config.load()
        assert config.ssl is not None
        renew_at_handshakes(config.ssl, self._folder, DOMAIN)
        return Beside(config, self._listener)

    def advice(self) -> Iterator[str]:
        """What a user has to do, as lines."""
        host, port = self._listener.getsockname()[:2]
        near = "127.0.0.1" if ip_address(host).is_unspecified else host
        authority = self._certificates.authority.absolute()
        yield f"Remote bindings of stock wrangler are served on {host}:{port}. Once, as root, with"
        yield "the Worker's name in place of WORKER:"
        yield f"  echo '{near} WORKER.{DOMAIN}' >> /etc/hosts"
        yield "Then run wrangler dev with the variable below, and with these:"
        yield f"  NODE_EXTRA_CA_CERTS={authority}"
        yield "  CLOUDFLARE_API_TOKEN=local CLOUDFLARE_ACCOUNT_ID=local"
        if port != _PORT:
            yield f"wrangler itself goes to port {_PORT}: something must lead from there to {port}."


def _listen(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port, anyone=False)
    except click.ClickException as error:
        if isinstance(error.__cause__, PermissionError):
            raise click.ClickException(_HELP.format(error=error.message)) from error
        raise
