"""Closing the incidents of schedules that a channel no longer watches or may no longer see, or that are gone from Bolt.

`bot.flows.missing_schedules` decides when a schedule counts as removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.core.model.incident import Incident
from bot.core.model.run_end import WatchedSchedule
from bot.core.model.watch import Watch
from bot.core.watching.cover import Covers
from bot.core.watching.edits import edit_for
from bot.core.watching.handling import closed
from bot.flows.ports.watch_store import Discovery, Incidents

NOT_WATCHED = "no longer watched here"
REMOVED = "removed from Bolt"
TRIES = 5


class IncidentCloser:
    """Closes incidents without a recovery. The messages of these incidents say why."""

    def __init__(self, incidents: Incidents, discovery: Discovery) -> None:
        self._incidents = incidents
        self._discovery = discovery

    async def close_all(self, slugs: Sequence[str], why: str = NOT_WATCHED) -> None:
        """Close all open incidents of schedules that nobody watches anymore, or that are gone."""
        if not slugs:
            return
        for slug, record in (await self._discovery.load_schedules(slugs)).items():
            await self.close(slug, record.failing_in, why)

    async def close_uncovered(self, channel: str, watches: Iterable[Watch]) -> None:
        """Close a channel's incidents that none of these watches covers, since discovery may not see them again."""
        covers = Covers.of(one for one in watches if one.channel == channel)
        for stored in await self._incidents.open_incidents(channel):
            incident = stored.incident
            if not covers.covering(WatchedSchedule(incident.schedule, incident.name, owner=incident.owner)):
                await self.close(incident.schedule, (channel,))

    async def close(self, slug: str, channels: Iterable[str], why: str = NOT_WATCHED) -> None:
        """Close a schedule's open incidents in these channels."""
        for channel in channels:
            for _ in range(TRIES):
                stored = await self._incidents.load_incident(channel, slug)
                if stored is None or not stored.incident.is_open:
                    break
                after: Incident = closed(stored.incident, why)
                if await self._incidents.store_incident(stored, after, edit_for(stored.incident, after)):
                    break

    async def show_suspended(self, schedule: WatchedSchedule, channels: Iterable[str]) -> None:
        """Show in a schedule's open incidents whether it's suspended."""
        for channel in channels:
            for _ in range(TRIES):
                stored = await self._incidents.load_incident(channel, schedule.slug)
                if stored is None or stored.incident.suspended == schedule.suspended or not stored.incident.is_open:
                    break
                after = replace(stored.incident, suspended=schedule.suspended)
                if await self._incidents.store_incident(stored, after, edit_for(stored.incident, after)):
                    break
