"""The certificate authority for remote bindings: what it can vouch for, who can read its key."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from vecinity.errors import CannotOpen
from vecinity.local.authority import certificates

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
