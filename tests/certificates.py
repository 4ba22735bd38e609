"""Certificates for tests, made by openssl: one that nobody trusts, and one from an authority that a test can name."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = "IP:127.0.0.1,DNS:localhost"
KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=127.0.0.1"
# Only `openssl ca`, with all these details, makes a certificate that has already expired.
PAST = """\
[ca]
default_ca = here
[here]
dir = {folder}
database = $dir/index
new_certs_dir = $dir
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = {names}
"""


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority's file, for SSL_CERT_FILE, and a server's certificate that it signed, with its key."""

    file: Path
    server: Path

    def context(self) -> ssl.SSLContext:
        """The server's TLS context."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server)
        return context


def untrusted(folder: Path, names: str = HERE) -> Path:
    """A self-signed certificate with its key, in one file, for 127.0.0.1 or for other names.

    Skips the test if there is no openssl.
    """
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    _openssl(*f"req -x509 {KEY} -days 2".split(), "-addext", f"subjectAltName={names}", *_out(key, certificate))
    return _joined(folder / "untrusted.pem", key, certificate)


def expired(folder: Path) -> Path:
    """A self-signed certificate with its key, in one file, for 127.0.0.1, valid only on a day in the past."""
    certificate, key, request = folder / "old.pem", folder / "old-key.pem", folder / "request.pem"
    config = folder / "openssl.cnf"
    config.write_text(PAST.format(folder=folder, names=HERE))
    (folder / "index").touch()
    _openssl(*f"req {KEY}".split(), *_out(key, request))
    dates = "-startdate 20200101000000Z -enddate 20200102000000Z"
    _openssl(
        *f"ca -batch -selfsign -notext {dates}".split(),
        *("-config", str(config), "-in", str(request), *_out(key, certificate, how="-keyfile")),
    )
    return _joined(folder / "expired.pem", key, certificate)


def authority(folder: Path, *hosts: str) -> Authority:
    """An authority, and a certificate for these hosts and 127.0.0.1. Skips the test if there is no openssl."""
    root, root_key = folder / "authority.pem", folder / "authority-key.pem"
    certificate, key = folder / "signed.pem", folder / "signed-key.pem"
    made = f"req -x509 {KEY} -days 2".split()
    _openssl(*made, "-subj", "/CN=Authority", "-addext", "keyUsage=critical,keyCertSign", *_out(root_key, root))
    names = ",".join([HERE, *(f"DNS:{host}" for host in hosts)])
    _openssl(
        *(*made, "-CA", str(root), "-CAkey", str(root_key)),
        *("-addext", f"subjectAltName={names}", "-addext", "basicConstraints=critical,CA:FALSE"),
        *_out(key, certificate),
    )
    return Authority(root, _joined(folder / "server.pem", key, certificate))


def _out(key: Path, made: Path, how: str = "-keyout") -> tuple[str, ...]:
    return how, str(key), "-out", str(made)


def _openssl(*words: str) -> None:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("there is no openssl on PATH to make a certificate with")
    subprocess.run((program, *words), check=True, capture_output=True)  # noqa: S603 - openssl itself


def _joined(whole: Path, *parts: Path) -> Path:
    whole.write_text("".join(part.read_text() for part in parts))
    return whole
