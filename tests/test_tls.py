"""The certificates that the bot trusts, for Slack, Bolt and Redis alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.tls import certificate_faults, tls
from tests.certificates import authority


def test_without_a_variable_the_usual_authorities_are_trusted() -> None:
    """Without a variable, the context is made once, trusts some authorities, and has no faults."""
    assert tls() is tls()
    assert tls().get_ca_certs()
    assert certificate_faults({}) == ()


def test_a_named_file_is_all_that_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A named file is all that's trusted, although OpenSSL by itself would add the system's folder."""
    made = authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    tls.cache_clear()
    try:
        (only,) = tls().get_ca_certs()
    finally:
        tls.cache_clear()
    assert only["subject"] == ((("commonName", "Authority"),),)


def test_files_that_are_ignored_otherwise(tmp_path: Path) -> None:
    """Missing or useless files are reported, since OpenSSL ignores them and connections would fail without a reason."""
    file = tmp_path / "ca.pem"
    missing = "SSL_CERT_FILE: the file can't be read (No such file or directory)"
    assert certificate_faults({"SSL_CERT_FILE": str(file)}) == (missing,)
    file.write_text("no certificate")
    assert certificate_faults({"SSL_CERT_FILE": str(file)}) == (
        "SSL_CERT_FILE: the file contains no certificate in PEM format",
    )
    folder = "SSL_CERT_DIR: the folder has no certificates with hashed names: run openssl rehash on it"
    assert certificate_faults({"SSL_CERT_DIR": str(tmp_path)}) == (folder,)
    assert certificate_faults({"SSL_CERT_DIR": str(tmp_path / "none")}) == (folder,)
    made = authority(tmp_path)
    (tmp_path / "0a1b2c3d.0").symlink_to(made.file)
    assert certificate_faults({"SSL_CERT_FILE": str(made.file), "SSL_CERT_DIR": str(tmp_path)}) == ()
