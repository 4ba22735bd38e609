"""The table: a row for each measurement, printed, and stored in bench/results.json and bench/results.md.

The JSON file has the latest measurement of each part of the bench, with its time and commit; the Markdown file is
generated from it. Any part can therefore be measured again by itself, and each row names its commit.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from math import ceil, inf, isinf
from pathlib import Path

from bot.core.model.errors import StoreUnfit
from bot.store.embedded import find_server

ROOT = Path(__file__).parents[1]
HEAD = ("measure", "result", "rival or limit", "goal", "")


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what was measured, and its rival's value or its limit. `good` is None if there's no goal.

    `failed`: it couldn't be measured at all.
    """

    measure: str
    seen: str
    rival: str = ""
    goal: str = ""
    good: bool | None = None
    failed: bool = False

    @property
    def verdict(self) -> str:
        """Say whether the goal was met."""
        return "–" if self.good is None else "ok" if self.good else "MISSED"

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the texts of the row's cells."""
        return self.measure, self.seen, self.rival, self.goal, self.verdict


def show(rows: Sequence[Row]) -> None:
    """Print the table."""
    lines = [HEAD, *(row.cells for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEAD))]
    for line in lines:
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        sys.stdout.write(f"{text.rstrip()}\n")
    sys.stdout.flush()


@dataclass(frozen=True, slots=True)
class Measured:
    """The rows of one part of the bench, with the commit and the machine of the measurement. `at`: its time, in UTC."""

    rows: tuple[Row, ...]
    commit: str
    at: str
    machine: str


def record(found: Mapping[str, Sequence[Row]], order: Sequence[str], out: Path) -> None:
    """Store newly measured rows with the older ones, in the JSON file `out` and in a Markdown file beside it.

    `found` has the rows by their part's name, and `order` has the names of all parts. Parts that no longer exist are
    dropped.
    """
    kept = _kept(out)
    commit, at, machine = _commit(), f"{datetime.now(UTC):%Y-%m-%d %H:%M}", surroundings()
    kept |= {name: Measured(tuple(rows), commit, at, machine) for name, rows in found.items()}
    whole = {name: kept[name] for name in order if name in kept}
    stored = {name: asdict(one) for name, one in whole.items()}
    out.write_text(f"{json.dumps(stored, indent=1, ensure_ascii=False)}\n", encoding="utf-8")
    out.with_suffix(".md").write_text(_markdown(whole), encoding="utf-8")


def _kept(out: Path) -> dict[str, Measured]:
    if not out.exists():
        return {}
    stored = json.loads(out.read_text(encoding="utf-8"))
    return {
        name: Measured(**(one | {"rows": tuple(Row(**row) for row in one["rows"])})) for name, one in stored.items()
    }


def _markdown(measured: Mapping[str, Measured]) -> str:
    """Return the table, with each row's commit, followed by the time and the machine of each part's measurement."""
    head = (*HEAD, "commit")
    lines = [head, tuple("---" for _ in head)]
    lines += [(*row.cells, one.commit) for one in measured.values() for row in one.rows]
    table = "\n".join(f"| {' | '.join(_escaped(cell) for cell in line)} |" for line in lines)
    parts = "\n".join(f"- `{name}`: {one.at} UTC, {one.machine}, commit {one.commit}" for name, one in measured.items())
    return f"# Measured\n\n{table}\n\n## Time and machine\n\n{parts}\n"


def surroundings() -> str:
    """Describe the kind of machine, and the versions in use."""
    return (
        f"{os.cpu_count()} cores, {_processor()}, Python {platform.python_version()}, {_server()}, "
        f"bot {metadata.version('bolt-bot')}"
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """Return a percentile by nearest rank; infinite if there are no values."""
    if not values:
        return inf
    return sorted(values)[max(0, ceil(percent / 100 * len(values)) - 1)]


def seconds_text(seconds: float, decimals: int = 0) -> str:
    """Format a time in seconds. An infinite one is a dash: what was waited for didn't happen in time."""
    return "– (it didn't happen in time)" if isinf(seconds) else f"{seconds:.{decimals}f} s"


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
    # The files that the measurement itself has written don't count as changes to the bot.
    changed = _git("status", "--porcelain", "--", ".", ":!bench/results.md", ":!bench/results.json")
    return f"{commit}-dirty" if changed else commit


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=10, check=True)  # noqa: S603, S607 - git, which only reads
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
