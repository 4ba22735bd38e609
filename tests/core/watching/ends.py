"""Test data: the ends of numbered runs, an hour apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.core.model.run_end import RunEnd, RunError, WatchedSchedule
from bot.core.model.watch import Watch

T0 = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
NIGHTLY = WatchedSchedule("nightly", "Nightly full build", branch="main", owner="ada")
WATCH = Watch("C1", 1, "T1", "nightly", since=T0, made_by="U1")
COLUMN = RunError("e1", "stg_orders", "column net_amnt does not exist")
DISK = RunError("e2", "stg_orders", "could not extend file: no space left on device")


def at(hours: float) -> datetime:
    """This many hours after the first end."""
    return T0 + timedelta(hours=hours)


def failure(run: int, hours: float, *errors: RunError, parent: int | None = None, log: str = "read") -> RunEnd:
    """A failed run that took ten minutes."""
    return RunEnd(
        run,
        "FAILED",
        at(hours) - timedelta(minutes=10),
        at(hours),
        branch="main",
        parent=parent,
        errors=errors or (() if log == "late" else (COLUMN,)),
        command="dbt test",
        log=log,
    )


def success(run: int, hours: float) -> RunEnd:
    """A successful run that took ten minutes."""
    return RunEnd(run, "SUCCESS", at(hours) - timedelta(minutes=10), at(hours), branch="main")
