"""Incidents and outages whose message can't be edited anymore: changes are posted in its thread instead.

A workspace may allow edits only for a limited time.

`bot.flows.edit_cards` notices it, by the error that Slack returns for an edit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.model.incident import HIDDEN, Incident, IncidentState, PostKind, ThreadPost
from bot.core.model.run_end import RunEnd

# A failure that comes this long after the newest end that the message could show gets a new message.
NEW_MESSAGE_AFTER = timedelta(days=1)


def mark_uneditable(incident: Incident) -> Incident:
    """Record that a message can't be edited anymore. If the incident is handled or closed, the thread says so."""
    if incident.uneditable_since is not None:
        return incident
    uneditable = replace(incident, uneditable_since=newest_end((incident,)))
    handled = any((incident.on_it, incident.snooze, incident.retry, incident.suspended))
    return _with_line(uneditable) if handled or incident.state is IncidentState.CLOSED else uneditable


def with_line(before: Incident | None, after: Incident) -> Incident:
    """Add a line about a change of state that the message can't show, unless another post reports the change."""
    if before is None or before.serial != after.serial:
        return after
    if before.uneditable_since is None or after.uneditable_since is None:
        return after
    is_told = after.next_post != before.next_post
    return after if is_told or _state(before) == _state(after) else _with_line(after)


def needs_new_message(incident: Incident, end: RunEnd) -> bool:
    """Whether a failure is posted as a new message, because the current one can't show it and is old."""
    by = _outdated_by(incident, end.ended_at)
    return incident.uneditable_since is not None and by is not None and incident.uneditable_since <= by


def outdates_outage(incident: Incident) -> datetime | None:
    """If an outage's message became uneditable by this time, the newest failure replaces it.

    None if that failure never replaces it.
    """
    return _outdated_by(incident, incident.failed.ended_at) if incident.is_open and incident.failed else None


def with_new_message(incident: Incident) -> Incident:
    """Record that a new message shows the incident from now on."""
    return replace(incident, uneditable_since=None, replaced=incident.replaced + 1)


def newest_end(incidents: Iterable[Incident]) -> datetime | None:
    """The newest end among the runs of these incidents, or None if none is known."""
    runs = (run for one in incidents for run in (one.latest, one.failed, one.first) if run is not None)
    return max((run.ended_at for run in runs if run.ended_at is not None), default=None)


def _outdated_by(incident: Incident, failed_at: datetime | None) -> datetime | None:
    if failed_at is None or incident.silent or incident.snooze is not None:
        return None
    return failed_at - NEW_MESSAGE_AFTER


def _state(incident: Incident) -> tuple[object, ...]:
    return incident.state, incident.on_it, incident.snooze, incident.retry, incident.suspended, incident.why


def _with_line(incident: Incident) -> Incident:
    if incident.state is IncidentState.CLOSED and incident.why == HIDDEN:
        return incident
    run = incident.failed.run if incident.failed else 0
    return incident.with_post(ThreadPost(incident.next_post, PostKind.STATE, run))
