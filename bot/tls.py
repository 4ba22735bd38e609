"""The certificates that the bot trusts, the same for Slack and Bolt."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import httpx

# How OpenSSL names the files in a folder of certificates.
HASHED = re.compile(r"[0-9a-f]{8}\.\d+")
VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


@cache
def tls() -> ssl.SSLContext:
    """Return the TLS context: the system's certificates, or only those that SSL_CERT_FILE and SSL_CERT_DIR name.

    If the system has none, those that come with httpx are used. Loading certificates is slow, so it's done once per
    process.
    """
    file, folder = (os.environ.get(name) for name in VARIABLES)
    if file or folder:
        # Both are passed here: by itself, OpenSSL would trust the system's folder in addition to the file.
        return ssl.create_default_context(cafile=file or None, capath=folder or None)
    paths = ssl.get_default_verify_paths()
    if paths.cafile or (paths.capath and _has_certificates(Path(paths.capath))):
        return ssl.create_default_context()
    return httpx.create_ssl_context(trust_env=False)


def certificate_faults(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return a line for each variable whose certificates can't be used. Libraries silently ignore those."""
    lines = []
    file, folder = (environment.get(name, "") for name in VARIABLES)
    if file:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
        except ssl.SSLError:
            lines.append("SSL_CERT_FILE: the file contains no certificate in PEM format")
        except OSError as error:
            lines.append(f"SSL_CERT_FILE: the file can't be read ({error.strerror or 'no reason given'})")
    if folder and not _has_certificates(Path(folder)):
        lines.append("SSL_CERT_DIR: the folder has no certificates with hashed names: run openssl rehash on it")
    return tuple(lines)


def _has_certificates(folder: Path) -> bool:
    try:
        return any(HASHED.fullmatch(file.name) for file in folder.iterdir())
    except OSError:
        return False
