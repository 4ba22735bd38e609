"""Slow runs: those that take far longer than usual, or longer than a fixed time.

The default limit is in `bot.core.watching.watch_of_command`. `bot.core.runs.usual_duration` has a card's words
about a run that is slower than usual.
"""

from __future__ import annotations

from datetime import datetime

from bot.core.model.incident import IncidentRun
from bot.core.model.notice import Notice, Slowness
from bot.core.model.run import Run
from bot.core.model.run_end import RunEnd, WatchedSchedule
from bot.core.model.watch import SlowAfter, Watch
from bot.core.watching.counted_runs import counts
from bot.core.watching.run_lines import slow_name

# A factor alone would report short runs that take a minute longer.
LEAST_OVER_S = 600.0


def limit_s(slow: SlowAfter | None, usual_s: float | None) -> float | None:
    """After how many seconds a run is slow, or None if it never is, or if there's nothing to compare it with."""
    if slow is None:
        return None
    if slow.seconds is not None:
        return slow.seconds
    if slow.factor is None or not usual_s:
        return None
    return max(usual_s * slow.factor, usual_s + LEAST_OVER_S)


def limit_of(run: Run, watch: Watch, schedule: WatchedSchedule) -> float | None:
    """The seconds after which a run is slow. A run with commands other than its schedule's has no usual duration."""
    facts = run.facts
    about = RunEnd(
        run.id,
        run.seen.state,
        branch=facts.branch,
        pull_request=str(facts.pull_request) if facts.pull_request else None,
    )
    if not counts(about, watch, schedule):
        return None
    return limit_s(watch.slow, None if facts.overridden else facts.usual_s)


def slow_notice(run: Run, watch: Watch, schedule: WatchedSchedule, began: datetime, *, thread: str = "") -> Notice:
    """The notice about a slow run, in the thread of the run's card if it has one in the channel."""
    limit = limit_of(run, watch, schedule) or 0
    by_factor = watch.slow is not None and watch.slow.seconds is None
    seen = IncidentRun(
        run.id,
        run.seen.state,
        began,
        branch=run.facts.branch,
        actor=run.facts.actor,
        asked_by=run.facts.asked_by,
    )
    return Notice(
        watch.channel,
        slow_name(run.id),
        watch.team,
        schedule.slug,
        schedule.name,
        run=seen,
        slow=Slowness(run.facts.usual_s if by_factor else None, limit),
        thread=thread,
        watch=watch.number,
        owner=schedule.owner,
    )
