"""The table: a row a measure, printed, and written as Markdown."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from math import ceil, inf
from pathlib import Path

from bot.core.errors import StoreUnfit
from bot.store.embedded import find_server

ROOT = Path(__file__).parents[1]
HEAD = ("measure", "seen", "rival or limit", "goal", "")


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what was measured, beside its rival or its limit. `good` is None where there is no goal."""

    measure: str
    seen: str
    rival: str = ""
    goal: str = ""
    good: bool | None = None

    @property
    def verdict(self) -> str:
        """Whether the goal was met."""
        return "–" if self.good is None else "ok" if self.good else "MISSED"

    @property
    def cells(self) -> tuple[str, ...]:
        """The line's texts."""
        return self.measure, self.seen, self.rival, self.goal, self.verdict


def show(rows: Sequence[Row]) -> None:
    """Print the table."""
    lines = [HEAD, *(row.cells for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEAD))]
    for line in lines:
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        sys.stdout.write(f"{text.rstrip()}\n")
    sys.stdout.flush()


def write(rows: Sequence[Row], out: Path) -> None:
    """Write the table as Markdown, with what it was measured on."""
    lines = [HEAD, tuple("---" for _ in HEAD), *(row.cells for row in rows)]
    table = "\n".join(f"| {' | '.join(_escaped(cell) for cell in line)} |" for line in lines)
    out.write_text(f"# Measured\n\n{surroundings()}\n\n{table}\n", encoding="utf-8")


def surroundings() -> str:
    """When, with which versions and on what kind of machine."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {os.cpu_count()} cores, {_processor()} · "
        f"Python {platform.python_version()} · {_server()} · bot {metadata.version('bolt-bot')}, commit {_commit()}"
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest rank; infinite without values."""
    if not values:
        return inf
    return sorted(values)[max(0, ceil(percent / 100 * len(values)) - 1)]


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")


def _processor() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    models = [line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("model name")]
    return models[0] if models else platform.machine()


def _server() -> str:
    try:
        return str(find_server()).capitalize()
    except StoreUnfit:
        return "no Redis"


def _commit() -> str:
    commit = _git("rev-parse", "--short", "HEAD")
    if not commit:
        return "unknown"
    # What the measurement itself has written is no change of the bot.
    changed = _git("status", "--porcelain", "--", ".", ":!bench/results.md")
    return f"{commit}-dirty" if changed else commit


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=10, check=True)  # noqa: S603, S607 - git, which reads only
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
