"""When a run is usually done, how much of that time was over at its last change, and how late it is.

All of it in steps: time alone edits a card when half of the usual time went by without a change, and when a run turns late,
not every minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.core.model.bolt import Command
from bot.core.model.run import Observation, Run, is_final
from bot.core.text.text import rounded_up

HALF, LATER = 50, 100
# In per cent of the usual length. Half of all runs take longer than their median: that alone is not late.
LATE_FROM = 125
OVERDUE_S = 60.0
STEPS = (1000, 500, 200)
MOST = 95
ROUNDED_TO = 5


def usual_end(began: datetime | None, usual_s: float | None) -> datetime | None:
    """When a run like this is over, rounded up to 5 minutes; None without history or before it has begun."""
    if usual_s is None or began is None:
        return None
    return rounded_up(began.astimezone(UTC) + timedelta(seconds=usual_s))


def step(seen: Observation, usual_s: float | None, now: datetime) -> int:
    """The step that a run has reached: 0, 50 (half of the usual time since its last change), 100 (late), 200, 500, 1000."""
    began, changed = _began(seen.commands), _changed(seen.commands)
    if not usual_s or began is None or changed is None or is_final(seen.state):
        return 0
    age_s = (now - began).total_seconds()
    end = usual_end(began, usual_s)
    if end is not None and now > end and age_s - usual_s >= OVERDUE_S and age_s * 100 >= usual_s * LATE_FROM:
        return next((each for each in STEPS if age_s * 100 >= usual_s * each), LATER)
    return HALF if (now - changed).total_seconds() * 100 >= usual_s * HALF else 0


def late(run: Run) -> str:
    """How late a run is, in words; empty where it is not."""
    reached = run.seen.step
    if reached < LATER:
        return ""
    return {LATER: "later than usual", 200: "twice the usual time"}.get(
        reached, f"{reached // 100} times the usual time"
    )


def share(run: Run) -> int | None:
    """How much of the usual time was over when the run last changed, in per cent: never all of it. None without history."""
    began, changed, usual_s = _began(run.seen.commands), _changed(run.seen.commands), run.facts.usual_s
    if not usual_s or began is None or changed is None:
        return None
    if run.seen.step >= LATER:
        return MOST
    passed = (changed - began).total_seconds() * 100 / usual_s + run.seen.step
    return max(0, min(MOST, int(passed) // ROUNDED_TO * ROUNDED_TO))


def _began(commands: Sequence[Command]) -> datetime | None:
    return min((command.started_at for command in commands if command.started_at), default=None)


def _changed(commands: Sequence[Command]) -> datetime | None:
    """When a command last began or ended."""
    times = (at for command in commands for at in (command.started_at, command.ended_at) if at)
    return max(times, default=None)
