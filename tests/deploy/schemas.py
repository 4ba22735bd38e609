"""Validates files in the environment that has the published schemas."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def wrong(**given: object) -> list[str]:
    """Return the lines that validate.py prints."""
    done = subprocess.run(  # noqa: S603 - our own script
        [ROOT / ".deploy" / "bin" / "python", Path(__file__).with_name("validate.py")],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found
