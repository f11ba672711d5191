"""A certificate authority of a data directory's own, for the hosts of remote bindings only.

Whoever trusts it trusts it for names below one domain and for nothing else: that is written into
its certificate. Its key never leaves the directory.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from vecinity.errors import CannotOpen
from vecinity.local.files import make_folder, write_file

_AUTHORITY_DAYS = 3_650
_HOST_DAYS = 397
_RENEWAL_DAYS = 30

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Certificates:
    """What a TLS server needs, and what its clients must trust.

    Attributes:
        authority: the authority's certificate, for `NODE_EXTRA_CA_CERTS`.
        host: the host's certificate; `key` is its private key.
        secret: 32 bytes that only this directory knows, the same after a restart.
    """

    authority: Path
    host: Path
    key: Path
    secret: bytes


def certificates(folder: Path, domain: str, now: datetime | None = None) -> Certificates:
    """The certificates in `folder`, made where they are missing or near their end.

    Args:
        domain: the one that the authority can vouch for; the host's certificate is for all names
            one level below it.

    Raises:
        CannotOpen: a file there is none of ours.
    """
    now = now or datetime.now(UTC)
    found = Certificates(folder / "ca.pem", folder / "host.pem", folder / "host.key", b"")
    make_folder(folder)
    try:
        key, authority = _authority(folder, found.authority, domain, now)
        if not _lasts(found.host, now, authority) or not found.key.exists():
            _make_host(found, f"*.{domain}", key, authority, now)
    except ValueError as error:
        raise CannotOpen(
            f"{folder} holds no usable certificates ({error}): remove it, and new ones are made"
        ) from error
    secret = hmac.digest(_private_bytes(key), b"preview tokens", hashlib.sha256)
    return Certificates(found.authority, found.host, found.key, secret)


def renew_at_handshakes(
    context: ssl.SSLContext,
    folder: Path,
    domain: str,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Have a listener go on with a new certificate when its own nears its end.

    Once a day a handshake looks after it; that one still ends with the old certificate.
    """
    looked = clock()

    def look(*_: object) -> None:
        nonlocal looked
        if clock() - looked < timedelta(days=1):
            return
        looked = clock()
        try:
            found = certificates(folder, domain, looked)
            context.load_cert_chain(found.host, found.key)
        except (CannotOpen, OSError) as error:
            _log.error("the certificate of remote bindings can't be renewed: %s", error)

    context.sni_callback = look


def _authority(
    folder: Path, path: Path, domain: str, now: datetime
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """The authority's key and certificate; new ones if there are none, or they end soon."""
    key_path = folder / "ca.key"
    if key_path.exists() and _lasts(path, now):
        key = load_pem_private_key(key_path.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("ca.key is of another kind")
        return key, x509.load_pem_x509_certificate(path.read_bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"Vecinity, remote bindings ({key_path.parent.parent.name})")
    builder = _builder(name, name, key.public_key(), now, _AUTHORITY_DAYS)
    certificate = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_constraints(domain), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_file(key_path, _private_bytes(key), private=True)
    write_file(path, certificate.public_bytes(Encoding.PEM))
    return key, certificate


def _make_host(
    place: Certificates,
    host: str,
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    now: datetime,
) -> None:
    """Write a new key and certificate for `host`."""
    own = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    certificate = (
        _builder(_name(host), authority.subject, own.public_key(), now, _HOST_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(issuer, critical=False)
        .sign(key, hashes.SHA256())
    )
    write_file(place.key, _private_bytes(own), private=True)
    write_file(place.host, certificate.public_bytes(Encoding.PEM))


def _lasts(path: Path, now: datetime, authority: x509.Certificate | None = None) -> bool:
    """Whether there is a certificate that is good for a while, of `authority` if one is given."""
    if not path.exists():
        return False
    found = x509.load_pem_x509_certificate(path.read_bytes())
    if authority is not None:
        try:
            found.verify_directly_issued_by(authority)
        except Exception:  # noqa: BLE001 - whatever is wrong with it, it is made anew
            return False
    return found.not_valid_after_utc - now > timedelta(days=_RENEWAL_DAYS)


def _builder(
    name: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    days: int,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # for clocks that are behind
        .not_valid_after(now + timedelta(days=days))
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _constraints(domain: str) -> x509.NameConstraints:
    """Names of this domain only. That alone would leave addresses free, so all are excluded."""
    everywhere = [x509.IPAddress(ip_network(block)) for block in ("0.0.0.0/0", "::/0")]
    return x509.NameConstraints([x509.DNSName(domain)], everywhere)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _private_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
