"""Retries that were asked for from an incident's message, which shows them instead of a card of their own.

The wording is in `bot.core.views.retry_line`, and `bot.flows.handle_incident` decides whether a click retries anything.
"""

from __future__ import annotations

from dataclasses import replace

from bot.core.model.incident import Incident, IncidentState, RetryOfIncident
from bot.core.model.request import Request, RequestState
from bot.core.model.run import Run, is_final
from bot.core.model.run_end import RunEnd

_OVER = frozenset({RequestState.SETTLED, RequestState.REFUSED, RequestState.CLOSED, RequestState.OTHER})


def is_starting(start: Request | None) -> bool:
    """Whether a start may still become a run."""
    return start is not None and start.state not in _OVER


def with_run_of(incident: Incident, start: Request | None, run: Run | None) -> Incident:
    """The incident with the active run of a retry that was started from its message: Bolt may not list it yet."""
    if start is None or run is None or is_final(run.seen.state) or not incident.is_open:
        return incident
    if incident.retry is not None and incident.retry.run >= run.id:
        return incident
    return replace(incident, retry=RetryOfIncident(run.id, run.seen.state, start.user))


def tells_end(incident: Incident | None, end: RunEnd, *, in_outage: bool = False) -> bool:
    """Whether an incident's message shows how a run has ended, once that end is accounted for.

    An outage's message (`in_outage`) only shows which schedules fail.
    """
    if incident is None or incident.state is IncidentState.CLOSED:
        return False
    if incident.is_open:
        shown = () if in_outage else (incident.retry, incident.latest)
        return end.has_failed or any(one is not None and one.run == end.run for one in shown)
    recovered = incident.recovered_by is not None and incident.recovered_by.run == end.run
    return recovered or (end.has_failed and any(one.run == end.run for one in incident.recent))
