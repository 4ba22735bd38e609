"""The code of the last release, from git, run with today's packages."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The commit that the last release's tag points to, or will point to. See docs/releasing.md.
LAST_RELEASE = "6be352b4bd6e65fffbaacf6d3508290e397c66e0"
PARTS = ("bot", "manifest.yml", "pyproject.toml")


def unpack(folder: Path, revision: str = LAST_RELEASE) -> str:
    """Unpack a release's code into a folder. Returns the reason if the code can't be run, or else ""."""
    try:
        archive = subprocess.run(  # noqa: S603 - git
            ["git", "archive", revision, *PARTS],  # noqa: S607 - from PATH
            cwd=ROOT,
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
    except FileNotFoundError:
        return "there is no git"
    except subprocess.CalledProcessError:
        return f"this clone doesn't have the commit of the last release ({revision[:12]})"
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extractall(folder, filter="data")
        else:
            # Python before 3.11.4 has no filters.
            tar.extractall(folder)  # noqa: S202 - our own code, from git
    tried = subprocess.run(
        [sys.executable, "-c", "import bot.app"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    said = tried.stderr.strip().splitlines()
    return f"its code can't be imported with the packages of today: {said[-1]}" if tried.returncode else ""
