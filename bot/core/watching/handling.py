"""How people handle an incident: they work on it, snooze it, or stop watching it. The first two end on their own.

`bot.flows.handle_incident` carries out clicks, and `bot.flows.incident_clock` ends their effects when their time is up.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.core.model.incident import Incident, IncidentState, OnIt, PostKind, RetryAsked, Snooze, ThreadPost
from bot.core.watching.snooze import SnoozeChoice, snooze_end

ON_IT_FOR = timedelta(hours=12)
RETRY_SOON = timedelta(minutes=1)
# An incident without any run for this long is closed silently.
SILENT_FOR = timedelta(days=30)


def take_on(incident: Incident, user: str, now: datetime, *, name: str = "") -> Incident:
    """Record that a person is working on the incident, even if somebody else was. Mentions stop. `name`: their name."""
    return replace(incident, on_it=OnIt(user, now + ON_IT_FOR, name))


def taken_at(on_it: OnIt) -> datetime:
    """When a person began to work on an incident."""
    return on_it.until - ON_IT_FOR


def let_go(incident: Incident) -> Incident:
    """Record that nobody is on the incident anymore."""
    return replace(incident, on_it=None)


def snoozed(
    incident: Incident, user: str, choice: SnoozeChoice, now: datetime, zone: ZoneInfo, *, name: str = ""
) -> Incident:
    """Post nothing for a while; the message is still edited. `zone` and `name` are that person's."""
    return replace(incident, snooze=Snooze(user, snooze_end(choice, now, zone), name))


def unsnoozed(incident: Incident, now: datetime) -> Incident:
    """End the snooze, after a click or when its time is up. If it still fails, one post names what is new."""
    woken = replace(incident, snooze=None, held=())
    return _still_failing(woken, now, incident) if incident.is_open else woken


def ask_retry(incident: Incident, user: str, now: datetime) -> Incident:
    """Record that a person's click starts a retry, which is seen in Bolt a little later."""
    return replace(incident, retry_asked=RetryAsked(user, now))


def other_asked(incident: Incident, user: str, now: datetime) -> RetryAsked | None:
    """Somebody else's click that will start a retry. The click counts for a minute: its start isn't sent later."""
    asked = incident.retry_asked
    if asked is None or asked.by == user or not timedelta() <= now - asked.at < RETRY_SOON:
        return None
    return asked


def pass_time(incident: Incident, now: datetime) -> Incident:
    """End everything that has expired by now.

    A person's *I'm on it* and a snooze expire, and an incident without a run for a long time is closed.
    """
    if incident.is_open and incident.on_it is not None and incident.on_it.until <= now:
        incident = _still_failing(replace(incident, on_it=None), now, incident)
    if incident.snooze is not None and incident.snooze.until is not None and incident.snooze.until <= now:
        incident = unsnoozed(incident, now)
    last = incident.latest.ended_at if incident.latest else None
    if incident.is_open and last is not None and now - last >= SILENT_FOR:
        incident = replace(incident, state=IncidentState.CLOSED, why="no run for 30 days")
    return incident


def next_time(incident: Incident) -> datetime | None:
    """When `pass_time` has something to do next."""
    times = [
        incident.on_it.until if incident.is_open and incident.on_it else None,
        incident.snooze.until if incident.snooze else None,
        incident.latest.ended_at + SILENT_FOR
        if incident.is_open and incident.latest and incident.latest.ended_at
        else None,
    ]
    return min((one for one in times if one is not None), default=None)


def closed(incident: Incident, why: str) -> Incident:
    """Close an incident without a recovery: nobody watches its schedule here anymore, or the schedule is gone."""
    return replace(
        incident,
        state=IncidentState.CLOSED,
        why=why,
        on_it=None,
        snooze=None,
        held=(),
        withheld=None,
        retry=None,
    )


def _still_failing(incident: Incident, now: datetime, before: Incident) -> Incident:
    if incident.snooze is not None:
        return incident
    run = incident.failed.run if incident.failed else 0
    post = ThreadPost(incident.next_post, PostKind.STILL_FAILING, run, before.held, mention=incident.on_it is None)
    return replace(incident.with_post(post), mentioned_at=now)
