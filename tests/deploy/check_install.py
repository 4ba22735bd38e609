"""`make install`: the bot alone, complete, and small."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.deploy.schemas import ROOT

MOST_BYTES = 120_000_000


def run(*command: str | Path, folder: Path) -> str:
    """The output of a command."""
    environment = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL"}}
    done = subprocess.run(  # noqa: S603 - our own
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_brings_the_bot_and_no_tool(tmp_path: Path) -> None:
    """The installed bot runs from anywhere and has charts, but neither the sandbox nor development tools."""
    there = tmp_path / "run"
    run("make", "install", f"PREFIX={there}", folder=ROOT)
    python = there / "bin" / "python"
    assert run(there / "bin" / "bolt-bot", "--version", folder=tmp_path).strip()
    run(python, "-c", "import resvg_py, re2, bot.app", folder=tmp_path)
    (packages,) = there.glob("lib/python3*/site-packages")
    names = {path.name for path in packages.iterdir()}
    assert not names & {"pytest", "mypy", "ruff", "hypothesis", "playwright", "graphql", "bolt_sandbox", "uv_build"}
    # The package itself, not a link to this folder, whose code may change.
    assert "bot" in names
    taken = sum(path.lstat().st_size for path in there.rglob("*") if path.is_file())
    assert taken <= MOST_BYTES
