"""Lines about individual runs: the ends and starts that a watch reports, and the hourly line of busy schedules.

The wording is in `bot.core.views.notice`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.model.discovery import Ledger, ScheduleRecord
from bot.core.model.incident import IncidentRun
from bot.core.model.notice import HourOfRuns, Notice, NoticeChange, NoticeRecord
from bot.core.model.run_end import RunEnd, WatchedSchedule
from bot.core.model.watch import Watch
from bot.core.watching.counted_runs import counts
from bot.core.watching.quiet import quiet_until

# With more than this many runs in a day, a schedule gets one line an hour instead of one per run.
BUSY_RUNS = 12
BUSY_WITHIN = timedelta(days=1)
HOUR = timedelta(hours=1)


def is_busy(starts: Sequence[float], at: datetime) -> bool:
    """Whether a schedule had more than twelve runs in the last day. `starts` are in Unix seconds, or 0 if unknown."""
    since = (at - BUSY_WITHIN).timestamp()
    return sum(start > since for start in starts) > BUSY_RUNS


def starts_of(ledger: Ledger, ends: Sequence[RunEnd] = ()) -> list[float]:
    """The starts of a schedule's finished runs, including the runs in `ends`."""
    known = {run for run, _ in ledger.final}
    new = [end.started_at.timestamp() for end in ends if end.started_at and end.run not in known]
    return [*(start for _, start in ledger.final), *new]


def run_name(run: int) -> str:
    """The name of a run's line."""
    return f"run:{run}"


def slow_name(run: int) -> str:
    """The name of the notice about a slow run."""
    return f"slow:{run}"


def hour_name(schedule: str, at: datetime) -> str:
    """The name of a busy schedule's hourly line."""
    return f"hour:{schedule}:{hour_of(at).timestamp():.0f}"


def line_at_start(run: RunEnd, watch: Watch, schedule: WatchedSchedule, *, busy: bool, at: datetime) -> Notice | None:
    """The line about a run that has begun.

    None if the watch doesn't report this run's start, or during quiet hours.
    """
    if watch.only != "all" or quiet_until(watch, at) is not None:
        return None
    wanted = watch.pull_requests if run.pull_request else counts(run, watch, schedule) and not busy
    return _line(run, watch, schedule) if wanted else None


def lines_at_end(
    end: RunEnd,
    watch: Watch,
    record: ScheduleRecord,
    known: Mapping[str, NoticeRecord],
    *,
    busy: bool,
    at: datetime,
) -> list[NoticeChange]:
    """The notices that a run's end creates or changes. `known` has the stored ones by name; `at` is the current time.

    A failure that counts has its incident instead of a line, but a line that already exists is edited. There are no new
    lines during quiet hours.
    """
    changes = []
    run = IncidentRun.of(end)
    for name in (run_name(end.run), slow_name(end.run)):
        stored = known.get(name)
        if stored is not None and not stored.notice.thread:
            changes.append(NoticeChange(replace(stored.notice, run=run), stored.rev))
    if run_name(end.run) in known or quiet_until(watch, at) is not None:
        return changes
    if end.pull_request:
        return [*changes, NoticeChange(_line(end, watch, record.schedule))] if watch.pull_requests else changes
    if watch.only == "failures" or not counts(end, watch, record.schedule):
        return changes
    if busy:
        changes.append(_counted(end, watch, record.schedule, known, at))
    elif not end.has_failed:
        changes.append(NoticeChange(_line(end, watch, record.schedule)))
    return changes


def names_at_end(end: RunEnd, schedule: str) -> tuple[str, ...]:
    """The names of all notices that a run's end may change."""
    hour = (hour_name(schedule, end.ended_at),) if end.ended_at else ()
    return (run_name(end.run), slow_name(end.run), *hour)


def _line(run: RunEnd, watch: Watch, schedule: WatchedSchedule) -> Notice:
    return Notice(
        watch.channel,
        run_name(run.run),
        watch.team,
        schedule.slug,
        schedule.name,
        run=IncidentRun.of(run),
        pull_request=run.pull_request,
        watch=watch.number,
        owner=schedule.owner,
    )


def _counted(
    end: RunEnd, watch: Watch, schedule: WatchedSchedule, known: Mapping[str, NoticeRecord], at: datetime
) -> NoticeChange:
    """The line about the hour in which a run ended. The line is posted when the hour is over."""
    begins_at = hour_of(end.ended_at or at)
    name = hour_name(schedule.slug, begins_at)
    stored = known.get(name)
    notice = (
        stored.notice
        if stored
        else Notice(
            watch.channel,
            name,
            watch.team,
            schedule.slug,
            schedule.name,
            hour=HourOfRuns(begins_at),
            watch=watch.number,
            owner=schedule.owner,
        )
    )
    ends = dict(notice.hour.ends) if notice.hour else {}
    ends[end.state] = ends.get(end.state, 0) + 1
    after = replace(notice, hour=HourOfRuns(begins_at, tuple(sorted(ends.items()))))
    delay_s = max(0.0, (begins_at + HOUR - at).total_seconds())
    return NoticeChange(after, stored.rev if stored else 0, urgent=False, delay_s=delay_s)


def hour_of(at: datetime) -> datetime:
    """The start of the hour that a time is in."""
    return at.replace(minute=0, second=0, microsecond=0)
