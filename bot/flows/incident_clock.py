"""Changes to incidents that time alone causes: a snooze ends, nobody is on it anymore, or runs have stopped.

`bot.core.watching.handling` decides these changes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.core.watching.edits import edit_for
from bot.core.watching.handling import next_time, pass_time
from bot.flows.lease import Lease
from bot.flows.ports.store import Due
from bot.flows.ports.watch_store import Incidents
from bot.flows.quiet_hours import QuietHours

EARLY_S = 1.0


class IncidentClock:
    """Applies changes that are due, such as the end of a snooze, to claimed incidents."""

    def __init__(self, incidents: Incidents, due: Due, quiet: QuietHours, *, now: Callable[[], datetime]) -> None:
        self._incidents = incidents
        self._due = due
        self._quiet = quiet
        self._now = now

    async def pass_time(self, lease: Lease) -> None:
        """Apply the changes that are due to the claimed incident, named <channel>:<schedule>."""
        channel, _, schedule = lease.member.partition(":")
        stored, now = await self._incidents.load_incident(channel, schedule), self._now()
        if stored is None:
            await self._due.finish(lease)
            return
        after = await self._quiet.withhold(stored.incident, pass_time(stored.incident, now))
        if after == stored.incident:
            at = next_time(after)
            if at is None:
                await self._due.finish(lease)
            else:
                await self._due.give_back(lease, delay_s=max(EARLY_S, (at - now).total_seconds()))
        elif not await self._incidents.store_incident(stored, after, edit_for(stored.incident, after)):
            await self._due.give_back(lease)
