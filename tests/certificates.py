"""Certificates that nobody trusts, made when a test needs one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def untrusted(folder: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one file. Skips the test if there is no openssl."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("there is no openssl on PATH to make a certificate with")
    made = folder / "untrusted.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
    names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    command = [program, *words.split(), *names, "-keyout", str(made), "-out", str(folder / "certificate.pem")]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - openssl itself
    with made.open("a") as file:
        file.write((folder / "certificate.pem").read_text())
    return made
