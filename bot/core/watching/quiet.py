"""Quiet hours: when they are, and what's withheld while they last.

Incidents are accounted for as always, but their posts are withheld until the end of the quiet hours, when one message
lists everything that happened.

`bot.flows.quiet_hours` finds the watch whose hours apply to an incident.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.model.incident import ERRORS_REMEMBERED, Incident, IncidentState, PostKind, Withheld
from bot.core.model.watch import Watch
from bot.core.watching.wall_clock import clock_of, first_at, zone_named


def quiet_until(watch: Watch | None, now: datetime) -> datetime | None:
    """When a watch's current quiet hours end, in UTC. None if it isn't quiet now."""
    if watch is None or watch.quiet is None:
        return None
    zone = zone_named(watch.time_zone)
    begin, end = clock_of(watch.quiet.begin), clock_of(watch.quiet.end)
    today, over_night = now.astimezone(zone).date(), timedelta(days=end <= begin)
    for day in (today, today - timedelta(days=1)):
        if first_at(day, begin, zone) <= now < (until := first_at(day + over_night, end, zone)):
            return until
    return None


def withhold(before: Incident | None, after: Incident, until: datetime | None, *, gap: bool = False) -> Incident:
    """Withhold the posts that an incident's change would cause during quiet hours.

    `until`: when the quiet hours end, or None if it isn't quiet.

    `gap`: the account of a gap between listings reports the change; if there's no account, it's listed at `until`.
    Posts that an earlier incident of the schedule withholds are passed on to the incident that replaces it.
    """
    same = before is not None and before.serial == after.serial
    if before is not None and before.withheld is not None and not same:
        untold = before.failures + before.retries if before.silent else 0
        earlier = before.withheld.earlier + untold
        after = replace(after, withheld=replace(before.withheld, earlier=earlier))
    known = len(before.posts) if before is not None and same else 0
    posts = after.posts[known:]
    if until is None or not posts:
        return after
    errors = tuple(error for post in posts if post.kind is not PostKind.OPENING for error in post.errors)
    return replace(
        after,
        posts=after.posts[:known],
        held=(*after.held, *errors)[:ERRORS_REMEMBERED],
        silent=after.silent or any(post.kind is PostKind.OPENING for post in posts),
        mentioned_at=before.mentioned_at if before is not None and same else None,
        withheld=replace(after.withheld or Withheld(until), until=until.astimezone(UTC), gap=gap),
    )


def told(incident: Incident, now: datetime, *, mentioned: bool) -> Incident:
    """Record that a message now shows what was withheld."""
    at = now if mentioned else incident.mentioned_at
    return replace(incident, withheld=None, held=() if incident.snooze is None else incident.held, mentioned_at=at)


def is_listed(incident: Incident) -> bool:
    """Whether the message at the end of quiet hours lists an incident: it's neither snoozed nor closed."""
    return incident.withheld is not None and incident.snooze is None and incident.state is not IncidentState.CLOSED


def kept_in_list(incident: Incident) -> Incident:
    """Reduce an incident to what the message at the end of quiet hours needs."""
    return replace(incident, errors=(), posts=(), recent=(), reopened=(), lines=incident.lines[:1], held=())


def as_it_is(kept: Incident, now: Incident | None) -> Incident:
    """The incident as the list of withheld reports shows it: as it is now, unless another one has replaced it."""
    if now is None or now.serial != kept.serial:
        return kept
    return replace(now, withheld=kept.withheld)
