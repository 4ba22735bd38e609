"""The audit of dependencies: every locked package is checked, and one that can't be checked isn't reported as fine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Stands in for uv, which needs a network: it prints and returns what a test wants, and keeps the scripts it's given.
UV = """#!/usr/bin/env bash
case "$*" in
*--help*) exit {help_status} ;;
lock*) cat "${{@: -1}}" >> "{kept}" ;;
*) printf '%s\\n' "{said}"; exit {status} ;;
esac
"""
AWAY = (
    "error: Request failed after 3 retries\n  cause: error sending request for url (https://osv/)\n  cause: dns error"
)


def audited(
    folder: Path, *, said: str = "Found no", status: int = 0, help_status: int = 0, required: bool = False
) -> tuple[int, str, str]:
    """The exit status of an audit, its output, and the scripts that were locked for it."""
    uv, kept = folder / "uv", folder / "kept"
    uv.write_text(UV.format(kept=kept, said=said, status=status, help_status=help_status))
    uv.chmod(0o755)
    done = subprocess.run(  # noqa: S603 - our own script
        [ROOT / "tools" / "audit.sh", uv],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "AUDIT_REQUIRED": "1" if required else ""},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr, kept.read_text() if kept.exists() else ""


def test_every_locked_package_is_asked_for(tmp_path: Path) -> None:
    """Every package is checked in its locked version, including tools, releases, the vendor's SDK and deploy/."""
    status, said, asked = audited(tmp_path)
    assert (status, said.count("Found no")) == (0, 5)
    for path in (*(ROOT / "requirements").glob("*.txt"), *(ROOT / "tests").glob("*/requirements.txt")):
        locked = re.findall(r"^([\w.-]+(?:\[\w+\])?==[\w.!+-]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert locked
        for one in locked:
            assert f'#   "{one}' in asked


def test_a_vulnerability_fails(tmp_path: Path) -> None:
    """A vulnerability is shown and fails the audit."""
    status, said, _ = audited(tmp_path, said="aiohttp 1 has 1 known vulnerability", status=1)
    assert status == 1
    assert "1 known vulnerability" in said


@pytest.mark.parametrize("required", [False, True])
@pytest.mark.parametrize("answer", [{"said": AWAY, "status": 2}, {"help_status": 2}])
def test_what_could_not_be_asked_is_told(tmp_path: Path, answer: dict[str, str | int], *, required: bool) -> None:
    """If the audit can't be done, a line says so, and it's a failure if the audit is required."""
    status, said, _ = audited(tmp_path, required=required, **answer)  # type: ignore[arg-type]
    assert status == (2 if required else 0)
    assert said.startswith("Skipped the audit, so the dependencies were not checked: ")


def test_a_fault_of_the_audit_itself_fails(tmp_path: Path) -> None:
    """An error of the audit itself is shown, and counts as a failure."""
    status, said, _ = audited(tmp_path, said="error: unexpected argument", status=2)
    assert status == 2
    assert "unexpected argument" in said
