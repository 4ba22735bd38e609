"""Runs a command of the bot to its end, in a process of its own that doesn't import the bot again."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.forked import ROOT, Forked


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a command."""

    status: int
    out: str
    err: str


async def bolt_bot(*arguments: str, folder: Path = ROOT, environment: Mapping[str, str] | None = None) -> Outcome:
    """Run a command with nothing but PATH and `environment` in its environment, and wait until it ends."""
    with tempfile.TemporaryDirectory(prefix="bolt-bot-tests-") as name:
        out, err = Path(name) / "out", Path(name) / "err"
        settings = {"PATH": os.environ["PATH"], **(environment or {})}
        status = await Forked(settings, out, arguments=arguments, folder=folder, errors=err).wait()
        return Outcome(status, out.read_text(), err.read_text())
