"""When an incident may notify people. `bot.flows.whom_to_mention` decides whom an incident notifies."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.core.model.incident import Incident, IncidentState

MENTION_GAP = timedelta(hours=1)
FLAPPING_MENTION_GAP = timedelta(hours=6)


def may_mention(incident: Incident, at: datetime | None) -> bool:
    """Whether a post may notify people: rarely, and not while somebody is on the incident or it's snoozed."""
    if incident.on_it is not None or incident.snooze is not None or not incident.is_open:
        return False
    gap = FLAPPING_MENTION_GAP if incident.state is IncidentState.FLAPPING else MENTION_GAP
    return incident.mentioned_at is None or at is None or at - incident.mentioned_at >= gap
