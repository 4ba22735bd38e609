"""The preview of a watch: the life of incidents, replayed over the latest runs that Bolt lists.

`bot.flows.preview_watch` limits how many runs are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.model.bolt import RunSummary, Schedule
from bot.core.model.incident import Incident, IncidentState, PostKind
from bot.core.model.run_end import RunEnd, WatchedSchedule
from bot.core.model.watch import Watch
from bot.core.watching.counted_runs import counts
from bot.core.watching.discovery import is_over
from bot.core.watching.ends import end_of_listing
from bot.core.watching.incident_life import account
from bot.core.watching.run_lines import hour_of, is_busy

PREVIEWED = timedelta(days=7)
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Previewed:
    """Counts of the reports that a watch would have made on one schedule, or on several, in `days` days.

    `messages` are new messages about failures, and `failures` are the failed runs in them. `lines` counts the lines
    about single runs and, for `busy` schedules, the lines that sum up an hour.
    """

    failures: float = 0
    messages: float = 0
    recoveries: float = 0
    lines: float = 0
    busy: float = 0
    days: float = PREVIEWED.days


@dataclass(frozen=True, slots=True)
class Preview:
    """Preview of a watch: what it covers now, and what it would have reported in seven days.

    `schedules`: how many schedules it covers. `read`: how many of those were looked at. `is_estimate`: some schedules
    weren't looked at, or Bolt lists only their newest runs.
    """

    schedules: int
    read: int
    told: Previewed
    is_estimate: bool = False

    @property
    def messages_a_day(self) -> float:
        """New messages a day, on average."""
        return (self.told.messages + self.told.lines) / PREVIEWED.days


def watched(schedule: Schedule) -> WatchedSchedule:
    """Reduce a listed schedule to the facts that watches need."""
    return WatchedSchedule(
        schedule.slug,
        schedule.name,
        schedule.uuid,
        schedule.owner,
        schedule.git_branch,
        schedule.commands,
        bool(schedule.suspended),
    )


def replay(watch: Watch, schedule: WatchedSchedule, runs: Sequence[RunSummary], now: datetime, limit: int) -> Previewed:
    """Find out what a watch would have reported about one schedule. `runs` are its newest ones, at most `limit`."""
    since = now - PREVIEWED
    failures = messages = recoveries = 0
    incident: Incident | None = None
    newest: RunEnd | None = None
    ends = sorted((_end(run) for run in runs if is_over(run, now)), key=lambda one: one.order)
    for end in ends:
        if not counts(end, watch, schedule):
            continue
        before, incident = incident, account(incident, end, watch, schedule, newest=newest, carded=False)
        newest = end
        if incident is None or end.ended_at is None or end.ended_at < since:
            continue
        failures += end.has_failed
        messages += any(post.kind is PostKind.OPENING and post.run == end.run for post in incident.posts)
        recoveries += _has_recovered(incident) and not _has_recovered(before)
    busy = watch.only != "failures" and is_busy([run.started_at.timestamp() for run in runs if run.started_at], now)
    lines = _lines([end for end in ends if end.ended_at and end.ended_at >= since], watch, schedule, busy=busy)
    return Previewed(failures, messages, recoveries, lines, int(busy), _days(runs, now, limit))


def _lines(ends: Sequence[RunEnd], watch: Watch, schedule: WatchedSchedule, *, busy: bool) -> int:
    """How many lines a watch would have posted about these ends."""
    for_pull_requests = [end for end in ends if end.pull_request and watch.pull_requests]
    if watch.only == "failures":
        return len(for_pull_requests)
    counted = [end for end in ends if counts(end, watch, schedule)]
    if busy:
        return len(for_pull_requests) + len({hour_of(end.ended_at) for end in counted if end.ended_at})
    return len(for_pull_requests) + sum(watch.only == "all" or not end.has_failed for end in counted)


def preview(told: Iterable[Previewed], schedules: int) -> Preview:
    """Add up the reports of the schedules that were read, and estimate the rest from them."""
    read = list(told)
    whole = [_scaled(one, PREVIEWED.days / one.days) for one in read]
    added = Previewed(
        sum(one.failures for one in whole),
        sum(one.messages for one in whole),
        sum(one.recoveries for one in whole),
        sum(one.lines for one in whole),
        sum(one.busy for one in read),
    )
    is_estimate = len(read) < schedules or any(one.days < PREVIEWED.days for one in read)
    return Preview(schedules, len(read), _scaled(added, schedules / len(read) if read else 1), is_estimate)


def _scaled(told: Previewed, factor: float) -> Previewed:
    return replace(
        told,
        failures=told.failures * factor,
        messages=told.messages * factor,
        recoveries=told.recoveries * factor,
        lines=told.lines * factor,
        busy=told.busy * factor,
    )


def _has_recovered(incident: Incident | None) -> bool:
    return incident is not None and incident.state is IncidentState.RECOVERED


def _days(runs: Sequence[RunSummary], now: datetime, limit: int) -> float:
    """How many days the listed runs span: fewer than seven only if Bolt may have older ones."""
    starts = [run.started_at for run in runs if run.started_at]
    if len(runs) < limit or not starts:
        return PREVIEWED.days
    return min(float(PREVIEWED.days), max((now - min(starts)).total_seconds() / _DAY_S, 1 / 24))


def _end(run: RunSummary) -> RunEnd:
    """How a listed run ended. If Bolt doesn't say when it ended, the start is taken as the end."""
    end = end_of_listing(run)
    return end if end.ended_at else replace(end, ended_at=run.started_at)
