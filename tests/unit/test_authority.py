"""The certificate authority for remote bindings: what it can vouch for, who can read its key."""

from __future__ import annotations

import contextlib
import ssl
import stat
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from vecinity.errors import CannotOpen
from vecinity.local.authority import Certificates, certificates, renew_at_handshakes

_DOMAIN = "vecinity.local.workers.dev"
_NOW = datetime(2026, 11, 23, tzinfo=UTC)


def _loaded(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_it_can_vouch_for_names_below_its_domain_only(tmp_path: Path) -> None:
    authority = _loaded(certificates(tmp_path, _DOMAIN, _NOW).authority)
    constraints = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert constraints.value.permitted_subtrees == [x509.DNSName(_DOMAIN)]
    basic = authority.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)


@pytest.mark.parametrize(
    ("name", "trusted"),
    [
        (x509.DNSName(f"search.{_DOMAIN}"), True),
        (x509.DNSName(f"a.b.{_DOMAIN}"), True),
        (x509.DNSName("search.local.workers.dev"), False),
        (x509.DNSName("localhost"), False),
        (x509.IPAddress(ip_address("127.0.0.1")), False),
        (x509.IPAddress(ip_address("::1")), False),
    ],
    ids=lambda value: str(getattr(value, "value", value)),
)
def test_who_has_the_key_can_pose_as_no_other_server(
    tmp_path: Path, name: x509.GeneralName, trusted: bool
) -> None:
    made = certificates(tmp_path, _DOMAIN)
    key = load_pem_private_key((tmp_path / "ca.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    now = datetime.now(UTC)
    stolen = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(_loaded(made.authority).subject)
        .public_key(load_pem_private_key(made.key.read_bytes(), None).public_key())  # type: ignore[arg-type]
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([name]), critical=True)
        .sign(key, hashes.SHA256())
    )
    made.host.write_bytes(stolen.public_bytes(Encoding.PEM))
    if trusted:
        _shake_hands(made, str(name.value))
    else:
        with pytest.raises(ssl.SSLCertVerificationError, match=r"permitted subtree|excluded"):
            _shake_hands(made, str(name.value))


def _shake_hands(made: Certificates, name: str) -> None:
    """As a client that trusts the authority, with a server of this name."""
    trusting = ssl.create_default_context(cafile=made.authority)
    assert _certificate(_serving(made), trusting, name)


def _serving(made: Certificates) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.host, made.key)
    return context


def _certificate(serving: ssl.SSLContext, trusting: ssl.SSLContext, name: str) -> bytes | None:
    """What a server shows in a handshake."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = serving.wrap_bio(up, down, server_side=True)
    client = trusting.wrap_bio(down, up, server_hostname=name)
    for end in (client, server, client):
        with contextlib.suppress(ssl.SSLWantReadError):
            end.do_handshake()
    return client.getpeercert(binary_form=True)


@pytest.mark.parametrize(("days", "renewed"), [(0, False), (360, False), (370, True)])
def test_a_server_that_runs_on_renews_its_certificate(
    tmp_path: Path, days: int, renewed: bool
) -> None:
    now = _NOW
    made = certificates(tmp_path, _DOMAIN, now)
    serving = _serving(made)
    renew_at_handshakes(serving, tmp_path, _DOMAIN, lambda: now)
    anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    first = _certificate(serving, anyone, f"search.{_DOMAIN}")
    assert first
    now += timedelta(days=days)
    assert _certificate(serving, anyone, f"search.{_DOMAIN}") == first
    second = _certificate(serving, anyone, f"search.{_DOMAIN}")
    assert (second != first) is renewed
    assert second == ssl.PEM_cert_to_DER_cert(made.host.read_text())


def test_a_renewal_that_fails_is_logged_and_keeps_the_old_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = _NOW
    serving = _serving(certificates(tmp_path, _DOMAIN, now))
    renew_at_handshakes(serving, tmp_path, _DOMAIN, lambda: now)
    (tmp_path / "ca.key").write_text("damaged")
    now += timedelta(days=370)
    anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    assert _certificate(serving, anyone, f"search.{_DOMAIN}")
    assert "can't be renewed" in caplog.text


def test_the_host_s_certificate(tmp_path: Path) -> None:
    made = certificates(tmp_path, _DOMAIN, _NOW)
    host, authority = _loaded(made.host), _loaded(made.authority)
    host.verify_directly_issued_by(authority)
    names = host.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [f"*.{_DOMAIN}"]
    assert host.not_valid_after_utc - host.not_valid_before_utc <= timedelta(days=398)
    assert host.not_valid_after_utc < authority.not_valid_after_utc


def test_only_the_owner_can_read_the_keys(tmp_path: Path) -> None:
    certificates(tmp_path, _DOMAIN, _NOW)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert {name for name, mode in modes.items() if mode == 0o600} == {"ca.key", "host.key"}
    assert modes.keys() == {"ca.key", "ca.pem", "host.key", "host.pem"}


def test_they_are_kept_and_the_host_s_is_renewed_in_time(tmp_path: Path) -> None:
    first = certificates(tmp_path, _DOMAIN, _NOW)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert certificates(tmp_path, _DOMAIN, _NOW + timedelta(days=360)) == first
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    later = certificates(tmp_path, _DOMAIN, _NOW + timedelta(days=370))
    assert later == first
    assert first.authority.read_bytes() == before[first.authority]
    assert _loaded(first.host).not_valid_after_utc > _NOW + timedelta(days=700)


def test_an_authority_near_its_end_is_replaced_with_all_it_signed(tmp_path: Path) -> None:
    first = certificates(tmp_path, _DOMAIN, _NOW)
    later = certificates(tmp_path, _DOMAIN, _NOW + timedelta(days=3_630))
    assert later.secret != first.secret
    _loaded(later.host).verify_directly_issued_by(_loaded(later.authority))


def test_each_folder_has_a_secret_of_its_own(tmp_path: Path) -> None:
    secrets = {certificates(tmp_path / name, _DOMAIN, _NOW).secret for name in ("a", "b")}
    assert len(secrets) == 2
    assert all(len(secret) == 32 for secret in secrets)


@pytest.mark.parametrize("name", ["ca.pem", "ca.key", "host.pem"])
def test_files_that_are_none_are_reported(tmp_path: Path, name: str) -> None:
    certificates(tmp_path, _DOMAIN, _NOW)
    (tmp_path / name).write_text("damaged")
    with pytest.raises(CannotOpen, match="remove it, and new ones are made"):
        certificates(tmp_path, _DOMAIN, _NOW)
