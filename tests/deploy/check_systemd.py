"""The systemd unit, as systemd reads it: no warning, and a low exposure level."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "systemd" / "bolt-bot.service"
# `systemd-analyze security` ranges from 0 (nothing is allowed) to 10.
MOST = 1.5
ANALYZE = shutil.which("systemd-analyze")

pytestmark = pytest.mark.skipif(ANALYZE is None, reason="there is no systemd-analyze on PATH")


def analyze(*arguments: str | Path) -> str:
    """Run systemd-analyze, which must succeed; return its output on both streams."""
    done = subprocess.run(  # noqa: S603 - Debian's program
        [ANALYZE or "", *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_systemd_understands_it(tmp_path: Path) -> None:
    """systemd knows every directive and value of the unit. The program itself needn't be installed."""
    there = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8")
    there.write_text(text.replace("/opt/bolt-bot/bin/bolt-bot", "/bin/true"), encoding="utf-8")
    assert "bolt-bot" not in analyze("verify", there)


def test_it_is_hardened() -> None:
    """The unit's exposure is as low, by systemd's own measure, as docs/operate.md says."""
    said = analyze("security", "--offline=true", "--no-pager", UNIT)
    found = re.search(r"Overall exposure level for bolt-bot\.service: ([\d.]+)", said)
    assert found is not None
    assert float(found[1]) <= MOST
