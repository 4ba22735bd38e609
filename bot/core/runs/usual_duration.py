"""A run measured against its usual duration: the expected end, the share that has passed, and how much slower it is.

The figures on a card change in steps: the card isn't edited every minute, but only when half of the usual time passes
without a change, and when a run becomes slow.

The usual duration itself is computed by `usual_seconds` in `bot.core.runs.progress`. `bot.core.watching.slow`
decides when a watch reports a slow run.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.core.model.bolt import BoltCommand
from bot.core.model.run import Observation, Run, is_final
from bot.core.text.text import rounded_up

HALF, SLOW = 50, 100
# A percentage of the usual duration. Half of all runs take longer than the median, so a run that does isn't
# necessarily slow.
SLOW_FROM = 125
OVERDUE_S = 60.0
STEPS = (1000, 500, 200)
MOST = 95
ROUNDED_TO = 5


def usual_end(began: datetime | None, usual_s: float | None) -> datetime | None:
    """The expected end, rounded up to 5 minutes, or None without history or before the run has begun."""
    if usual_s is None or began is None:
        return None
    return rounded_up(began.astimezone(UTC) + timedelta(seconds=usual_s))


def step(seen: Observation, usual_s: float | None, now: datetime) -> int:
    """The step that a run has reached: 0, 50, 100, 200, 500 or 1000.

    50: half of the usual time has passed since its last change. 100: it's slow. 200 and more: the percentage of the
    usual time.
    """
    began, changed = _began(seen.commands), _changed(seen.commands)
    if not usual_s or began is None or changed is None or is_final(seen.state):
        return 0
    age_s = (now - began).total_seconds()
    end = usual_end(began, usual_s)
    if end is not None and now > end and age_s - usual_s >= OVERDUE_S and age_s * 100 >= usual_s * SLOW_FROM:
        return next((each for each in STEPS if age_s * 100 >= usual_s * each), SLOW)
    return HALF if (now - changed).total_seconds() * 100 >= usual_s * HALF else 0


def slowness_in_words(run: Run) -> str:
    """How much slower than usual a run is, in words, or an empty string if it isn't."""
    reached = run.seen.step
    if reached < SLOW:
        return ""
    return {SLOW: "later than usual", 200: "twice the usual time"}.get(
        reached, f"{reached // 100} times the usual time"
    )


def share(run: Run) -> int | None:
    """The percentage of the usual time that had passed at the last change, never 100. None without history."""
    began, changed, usual_s = _began(run.seen.commands), _changed(run.seen.commands), run.facts.usual_s
    if not usual_s or began is None or changed is None:
        return None
    if run.seen.step >= SLOW:
        return MOST
    passed = (changed - began).total_seconds() * 100 / usual_s + run.seen.step
    return max(0, min(MOST, int(passed) // ROUNDED_TO * ROUNDED_TO))


def _began(commands: Sequence[BoltCommand]) -> datetime | None:
    return min((command.started_at for command in commands if command.started_at), default=None)


def _changed(commands: Sequence[BoltCommand]) -> datetime | None:
    """The time at which a command last began or ended."""
    times = (at for command in commands for at in (command.started_at, command.ended_at) if at)
    return max(times, default=None)
