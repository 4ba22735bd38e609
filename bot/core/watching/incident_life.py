"""The life of an incident: opened by a failure, counted, reported again, reopened, recovered, closed.

Nothing is changed in place. Ends may arrive in any order; the newest one decides whether the schedule fails.
`bot.core.watching.counted_runs` decides which runs count, and which success is a recovery.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.core.model.incident import (
    ERRORS_REMEMBERED,
    POSTS_MOST,
    Incident,
    IncidentRun,
    IncidentState,
    PostKind,
    RetryOfIncident,
    ThreadPost,
)
from bot.core.model.run_end import RunEnd, RunError, WatchedSchedule
from bot.core.model.watch import Watch
from bot.core.watching.counted_runs import closes, counts
from bot.core.watching.uneditable_message import needs_new_message, with_new_message
from bot.core.watching.when_to_mention import may_mention

RECENT_KEPT = 40
REOPENED_WITHIN = timedelta(hours=1)
REOPENED_WITHIN_MOST = timedelta(hours=12)
REOPENED_FACTOR = 1.5
FLAPPING_REOPENINGS = 3
FLAPPING_WITHIN = timedelta(hours=24)
SUCCESSES_AFTER_FLAPPING = 3


def account(
    incident: Incident | None,
    end: RunEnd,
    watch: Watch,
    schedule: WatchedSchedule,
    *,
    newest: RunEnd | None,
    carded: bool,
) -> Incident | None:
    """Account once for an end that counts.

    `newest` is the newest success that counts and was accounted for before, or any newer end. `carded`: the run has a
    card of its own in the channel, which reports the end. Returns None if there's still no incident.
    """
    if incident is not None:
        incident = _with_retry_over(incident, end)
    if end.has_failed:
        return _failed(incident, end, watch, schedule, newest, carded=carded)
    if incident is None or not closes(end):
        return incident
    return _succeeded(incident, end, carded=carded)


def with_log(incident: Incident, end: RunEnd, *, carded: bool) -> Incident:
    """Add the findings from a failed run's log, which was read after the run was accounted for."""
    known = incident.failed is not None and incident.failed.run == end.run
    if known:
        incident = replace(incident, lines=end.errors, command=end.command, summary=end.summary, cause=end.cause)
    opening = any(post.kind is PostKind.OPENING and post.run == end.run for post in incident.posts)
    return _add_errors(incident, end, told=carded or opening)


def being_retried(incident: Incident, run: int, parent: int, state: str, by: str) -> Incident:
    """Record that a retry of one of the incident's runs has begun, wherever it was started, by this person or actor."""
    known = any(one.run == parent for one in incident.recent)
    newer = incident.retry is None or incident.retry.run < run
    if not incident.is_open or not known or not newer:
        return incident
    return replace(incident, retry=RetryOfIncident(run, state, by))


def is_accounted(incident: Incident | None, run: int) -> bool:
    """Whether a run is among the newest ones of an incident."""
    return incident is not None and any(one.run == run for one in incident.recent)


def failing_already(
    ends: Sequence[RunEnd], watch: Watch, schedule: WatchedSchedule, *, serial: int = 1
) -> Incident | None:
    """The incident of a schedule that's already failing when its watch is made: it has no message until its next end.

    `ends` are the schedule's known ends, in any order. Returns None if the schedule isn't failing.
    """
    failed: list[RunEnd] = []
    for end in sorted((end for end in ends if counts(end, watch, schedule)), key=lambda end: end.order, reverse=True):
        if closes(end):
            break
        if end.has_failed:
            failed.append(end)
    if not failed:
        return None
    incident = replace(_new(watch, schedule), serial=serial)
    for end in reversed(failed):
        incident = _count(incident, end)
    return replace(incident, seen_before=True, silent=True)


def _with_retry_over(incident: Incident, end: RunEnd) -> Incident:
    """Show how a retry of one of the incident's runs ended, even if its beginning went unnoticed."""
    retry = incident.retry
    if retry is not None and retry.run == end.run:
        return replace(incident, retry=replace(retry, state=end.state))
    is_newest = is_accounted(incident, end.parent or 0) and (retry is None or retry.run < end.run)
    if not incident.is_open or not is_newest:
        return incident
    return replace(incident, retry=RetryOfIncident(end.run, end.state, end.asked_by or end.actor or ""))


# --- failures ---


def _failed(
    incident: Incident | None,
    end: RunEnd,
    watch: Watch,
    schedule: WatchedSchedule,
    newest: RunEnd | None,
    *,
    carded: bool,
) -> Incident:
    if incident is not None and incident.is_open:
        return _repeated(incident, end, watch, carded=carded)
    if incident is not None and incident.recovered_by is not None:
        if end.order < incident.recovered_by.order:
            # A failure that Bolt lists late adds to the count, and never reopens an incident.
            return _count(incident, end)
        if incident.state is IncidentState.RECOVERED and _is_soon_after(incident, end):
            if newest is not None and closes(newest) and newest.order > end.order:
                # A failure can be accounted for after a newer success, because its log had to be read first: it reopens
                # nothing.
                return replace(_count(incident, end), recovered_by=IncidentRun.of(newest))
            return _reopened(incident, end, watch, carded=carded)
    serial = incident.serial + 1 if incident is not None else 1
    opened = replace(_count(_new(watch, schedule), end), serial=serial, silent=carded)
    if newest is not None and closes(newest) and newest.order > end.order:
        opened = replace(opened, state=IncidentState.RECOVERED, recovered_by=IncidentRun.of(newest))
    return _add_errors(opened, end, told=True) if carded else _opening(opened, end)


def _new(watch: Watch, schedule: WatchedSchedule) -> Incident:
    return Incident(watch.channel, schedule.slug, watch.team, watch.number, name=schedule.name, owner=schedule.owner)


def _repeated(incident: Incident, end: RunEnd, watch: Watch, *, carded: bool) -> Incident:
    counted = replace(_count(incident, end), watch=watch.number)
    if counted.silent and not carded:
        # The first failure without a card of its own: from here on, the incident has a message.
        return _opening(replace(counted, silent=False), end)
    if not carded and needs_new_message(counted, end):
        return _opening(with_new_message(counted), end)
    if end.log == "late":
        # When the log has been read, `with_log` decides whether the error is a new one.
        return counted
    return _add_errors(counted, end, told=carded)


def _reopened(incident: Incident, end: RunEnd, watch: Watch, *, carded: bool) -> Incident:
    at = end.ended_at or incident.reopened[-1] if incident.reopened else end.ended_at
    times = tuple(one for one in incident.reopened if at is None or at - one <= FLAPPING_WITHIN)
    if at is not None:
        times += (at,)
    flapping = len(times) >= FLAPPING_REOPENINGS
    opened = replace(
        incident,
        state=IncidentState.FLAPPING if flapping else IncidentState.FAILING,
        reopened=times,
        recovered_by=None,
        watch=watch.number,
        snooze=None,
        on_it=None,
    )
    opened = _count(opened, end)
    if opened.silent and not carded:
        return _opening(replace(opened, silent=False), end)
    if not carded and needs_new_message(opened, end):
        return _opening(with_new_message(opened), end)
    known = set(opened.errors)
    new = tuple(one for one in end.errors if one.key not in known)
    opened = _remember(opened, end.errors)
    return opened if carded else _post(opened, PostKind.REOPENED, end, new)


def _is_soon_after(incident: Incident, end: RunEnd) -> bool:
    """Whether a failure comes so soon after the recovery that it reopens the incident."""
    recovered = incident.recovered_by
    if recovered is None or recovered.ended_at is None or end.ended_at is None:
        return True
    return end.ended_at - recovered.ended_at <= reopening_time(incident)


def reopening_time(incident: Incident) -> timedelta:
    """How long after its recovery a failure reopens an incident: longer for schedules that rarely run."""
    starts = [one.started_at for one in incident.recent if one.started_at is not None]
    apart = (starts[-1] - starts[-2]) * REOPENED_FACTOR if len(starts) > 1 else timedelta()
    return max(REOPENED_WITHIN, min(REOPENED_WITHIN_MOST, apart))


# --- successes ---


def _succeeded(incident: Incident, end: RunEnd, *, carded: bool) -> Incident:
    if not incident.is_open:
        # The incident keeps showing the success that closed it.
        return incident
    counted = _seen(incident, end)
    if counted.failed is not None and end.order < counted.failed.order:
        return counted
    if incident.state is IncidentState.FLAPPING and not _is_over(counted):
        return counted
    recovered = replace(
        counted,
        state=IncidentState.RECOVERED,
        recovered_by=IncidentRun.of(end),
        on_it=None,
        snooze=None,
        held=(),
        retry=None,
    )
    if (carded and incident.silent) or incident.snooze is not None:
        return recovered
    return _post(recovered, PostKind.RECOVERED, end, ())


def _is_over(incident: Incident) -> bool:
    last = incident.recent[-SUCCESSES_AFTER_FLAPPING:]
    return len(last) == SUCCESSES_AFTER_FLAPPING and all(one.state == "SUCCESS" for one in last)


# --- what both share ---


def _count(incident: Incident, end: RunEnd) -> Incident:
    """Count a failed run, or the failed retry of one of the incident's runs."""
    retried = end.parent is not None and any(one.run == end.parent for one in incident.recent)
    counted = replace(
        _seen(incident, end), failures=incident.failures + (not retried), retries=incident.retries + retried
    )
    if retried:
        counted = replace(counted, retry=RetryOfIncident(end.run, end.state, end.asked_by or end.actor or ""))
    run = IncidentRun.of(end)
    if counted.first is None or run.order < counted.first.order:
        counted = replace(counted, first=run)
    if counted.failed is None or run.order > counted.failed.order:
        counted = replace(counted, failed=run)
        if end.log != "late" or not counted.lines:
            counted = replace(counted, lines=end.errors, command=end.command, summary=end.summary, cause=end.cause)
    return counted


def _seen(incident: Incident, end: RunEnd) -> Incident:
    run = IncidentRun.of(end)
    recent = tuple(sorted((*incident.recent, run), key=lambda one: one.order))[-RECENT_KEPT:]
    return replace(incident, recent=recent, latest=recent[-1], runs=incident.runs + 1)


def _opening(incident: Incident, end: RunEnd) -> Incident:
    return _post(_remember(incident, end.errors), PostKind.OPENING, end, end.errors)


def _add_errors(incident: Incident, end: RunEnd, *, told: bool) -> Incident:
    """Remember a failure's errors. A thread post reports new errors, unless another message does (`told`)."""
    known = set(incident.errors)
    new = tuple(one for one in end.errors if one.key not in known)
    first = not incident.errors
    remembered = _remember(incident, end.errors)
    if not new or told or first:
        return remembered
    if incident.snooze is not None:
        return replace(remembered, held=(*remembered.held, *new)[:ERRORS_REMEMBERED])
    return _post(remembered, PostKind.NEW_ERROR, end, new)


def _remember(incident: Incident, errors: tuple[RunError, ...]) -> Incident:
    keys = tuple(dict.fromkeys(one.key for one in errors))
    new = tuple(key for key in keys if key not in incident.errors)
    room = max(0, ERRORS_REMEMBERED - len(incident.errors))
    same = incident.same_error and (not incident.errors or set(keys) == set(incident.errors))
    return replace(
        incident,
        errors=incident.errors + new[:room],
        errors_more=incident.errors_more + max(0, len(new) - room),
        same_error=same,
    )


def _post(incident: Incident, kind: PostKind, end: RunEnd, errors: tuple[RunError, ...]) -> Incident:
    """Add a thread post, with a mention if it's time for one. Beyond the limit, only the message is updated."""
    if incident.snooze is not None:
        return incident
    counted = sum(post.kind is not PostKind.STATE for post in incident.posts)
    if kind in {PostKind.NEW_ERROR, PostKind.STILL_FAILING} and counted >= POSTS_MOST:
        return incident
    mention = kind is not PostKind.RECOVERED and may_mention(incident, end.ended_at)
    post = ThreadPost(incident.next_post, kind, end.run, errors, mention)
    return replace(
        incident.with_post(post),
        mentioned_at=end.ended_at if mention and end.ended_at else incident.mentioned_at,
    )
