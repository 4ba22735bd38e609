"""The end of quiet hours, when one message lists the incidents whose posts were withheld.

`bot.core.watching.quiet` decides when quiet hours are and what they withhold. The wording is in
`bot.core.views.quiet_end`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot.core.model.incident import Incident, QuietEnd, StoredIncident
from bot.core.watching.quiet import is_listed, kept_in_list, told
from bot.core.watching.when_to_mention import may_mention
from bot.flows.lease import Lease
from bot.flows.ports.store import Due
from bot.flows.ports.watch_store import ListingGaps, QuietEnds
from bot.flows.quiet_hours import QuietHours

log = structlog.get_logger()

# If the account of a gap waits for the end of quiet hours, incidents wait this much longer for the account.
ACCOUNT_WITHIN = timedelta(minutes=1)


class QuietEnder:
    """Ends the quiet hours of claimed channels."""

    def __init__(
        self, ends: QuietEnds, due: Due, quiet: QuietHours, gaps: ListingGaps, *, now: Callable[[], datetime]
    ) -> None:
        self._ends = ends
        self._due = due
        self._quiet = quiet
        self._gaps = gaps
        self._now = now

    async def end_quiet(self, lease: Lease) -> None:
        """Queue one message about the claimed channel's incidents for which quiet hours are over."""
        channel, now = lease.member, self._now()
        over: list[StoredIncident] = []
        waits: list[datetime] = []
        withheld = await self._ends.withheld_in(channel)
        # Read only once, because the accounts of all channels have to be read for this.
        by_gap = any(one.incident.withheld is not None and one.incident.withheld.gap for one in withheld)
        account_comes = by_gap and await self._gaps.account_comes(channel)
        for stored in withheld:
            until = await self._until(stored.incident, now, account_comes=account_comes)
            if until > now:
                waits.append(until)
            else:
                over.append(stored)
        next_at = min(waits, default=None)
        if not over and next_at is not None:
            await self._due.give_back(lease, delay_s=max(1.0, (next_at - now).total_seconds()))
            return
        watched = [one.incident for one in over if await self._quiet.is_watched(one.incident)]
        end = _end(channel, watched, now)
        after = [
            replace(one, incident=told(one.incident, now, mentioned=one.incident.schedule in end.mentions))
            for one in over
        ]
        if await self._ends.end_quiet(lease, end, after, next_at, len(waits)):
            log.info("quiet hours are over", channel=channel, incidents=len(end.incidents))
        else:
            await self._due.give_back(lease)

    async def _until(self, incident: Incident, now: datetime, *, account_comes: bool) -> datetime:
        """When an incident may be posted: the watch's quiet hours may have changed since, or the watch may be gone.

        An incident that is withheld because of a gap waits for the gap's account if the account is still pending. If
        the account itself waits for the end of quiet hours, the incident waits a minute longer than that.
        """
        planned, quiet = incident.withheld.until if incident.withheld else now, await self._quiet.until(incident)
        by_gap = incident.withheld is not None and incident.withheld.gap
        if by_gap and account_comes and await self._quiet.is_watched(incident):
            return max(planned, quiet + ACCOUNT_WITHIN) if quiet else planned
        return quiet or min(planned, now)


def _end(channel: str, incidents: Sequence[Incident], now: datetime) -> QuietEnd:
    listed = sorted(
        (one for one in incidents if is_listed(one)), key=lambda one: (not one.is_open, one.name, one.schedule)
    )
    mentioned = [one.schedule for one in listed if may_mention(one, now)]
    return QuietEnd(
        channel, str(round(now.timestamp() * 1000)), tuple(kept_in_list(one) for one in listed), tuple(mentioned)
    )
