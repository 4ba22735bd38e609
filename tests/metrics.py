"""All metrics that the bot declares, and `promtool`, which checks metrics and rules."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis

import bot.app  # noqa: F401 - declares every metric of the process
from bot.slack.call_limits import LIMITS
from bot.store.backlog_metrics import BacklogMetrics, Measured
from bot.store.scripts import Scripts
from bot.wiring.work_table import DUE_SETS

PREFIX = "bolt_bot_"
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool isn't installed: it comes with Debian's package prometheus"
)


def declared() -> dict[str, tuple[str, ...]]:
    """The labels of each of our metrics, by its documented name."""
    return dict(sorted([*_of_process(), *_of_backlog()]))


def series(name: str, kind: str) -> tuple[str, ...]:
    """The names of a metric's series."""
    return tuple(f"{name}_{end}" for end in ("bucket", "sum", "count")) if kind == "histogram" else (name,)


def _of_process() -> Iterator[tuple[str, tuple[str, ...]]]:
    ours = {one for name, one in REGISTRY._names_to_collectors.items() if name.startswith(PREFIX)}
    for one in ours:
        name = one._name  # type: ignore[attr-defined]  # every metric has one; the registry knows only collectors
        yield name + ("_total" if one._type == "counter" else ""), one._labelnames  # type: ignore[attr-defined]


def _of_backlog() -> Iterator[tuple[str, tuple[str, ...]]]:
    scripts = Scripts(Redis(), "test", retention_s=1)
    measured = Measured(tuple(row.name for row in DUE_SETS), 48, 60, LIMITS, 61)
    for family in BacklogMetrics(scripts, measured).collect():
        yield family.name, tuple(family._labelnames)


def run_promtool(*arguments: str, given: str = "", cwd: Path | None = None) -> str:
    """Run promtool, and return its output. The test fails if it finds a problem."""
    assert PROMTOOL is not None
    done = subprocess.run(  # noqa: S603 - a tool that is installed, with the tests' arguments
        (PROMTOOL, *arguments), input=given, capture_output=True, text=True, cwd=cwd, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout
