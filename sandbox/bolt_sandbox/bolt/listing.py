"""Listings of schedules and runs, with the peculiarities that real ones may have.

The settings for them are described in `bolt_sandbox.bolt.control`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from bolt_sandbox.bolt.model import Run
from bolt_sandbox.bolt.run_state import observe

LastRun = Literal["newest", "finished", "none"]
LAST_RUNS: tuple[LastRun, ...] = get_args(LastRun)


@dataclass(slots=True)
class Listing:
    """The behavior of listings that the API's documentation leaves open.

    `schedules_late_s`, `runs_late_s`: the listings show Bolt as it was that long ago. `out_of_order`: neighboring runs
    are swapped, and schedules are in reverse order. `last_run` chooses the run that a schedule's `lastRunAt`
    and `lastRunState` are about: the newest, the newest that has finished, or none, so that both are null.
    """

    schedules_late_s: float = 0.0
    runs_late_s: float = 0.0
    out_of_order: bool = False
    last_run: LastRun = "newest"

    def runs(self, oldest_first: list[Run], now: datetime) -> tuple[list[Run], datetime]:
        """Return a schedule's runs as the listing shows them, newest first, and the time that it reflects."""
        shown_at = now - timedelta(seconds=self.runs_late_s)
        found = [run for run in reversed(oldest_first) if _is_listed(run, shown_at, now)]
        if self.out_of_order:
            pairs = (found[at : at + 2][::-1] for at in range(0, len(found), 2))
            found = [run for pair in pairs for run in pair]
        return found, shown_at

    def last(self, oldest_first: list[Run], now: datetime) -> tuple[datetime, str] | None:
        """Return a schedule's `lastRunAt` and `lastRunState`, or None."""
        if self.last_run == "none":
            return None
        shown_at = now - timedelta(seconds=self.schedules_late_s)
        for run in reversed(oldest_first):
            if _is_listed(run, shown_at, now):
                view = observe(run, shown_at)
                if self.last_run == "newest" or view.ended_at is not None:
                    return run.created_at, view.state
        return None


def _is_listed(run: Run, shown_at: datetime, now: datetime) -> bool:
    return run.created_at <= shown_at and (run.listed_from is None or run.listed_from <= now)
