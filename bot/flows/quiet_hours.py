"""Whether it's quiet in a channel.

`bot.core.watching.quiet` decides when quiet hours are and what they withhold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from bot.core.model.incident import Incident
from bot.core.model.run_end import WatchedSchedule
from bot.core.model.watch import Watch
from bot.core.watching.quiet import quiet_until, withhold
from bot.flows.discover_schedules import CoverCache
from bot.flows.ports.watch_store import Watches


class QuietHours:
    """Knows the quiet hours of watches. For an incident, the quiet hours are those of the watch that applies to it."""

    def __init__(self, watches: Watches, *, now: Callable[[], datetime]) -> None:
        self._watches = watches
        self._now = now
        self._covers = CoverCache()

    async def until(self, incident: Incident) -> datetime | None:
        """When the current quiet hours end, or None if it isn't quiet now."""
        return quiet_until(await self._watch_of(incident), self._now())

    async def is_watched(self, incident: Incident) -> bool:
        """Whether an incident's channel still watches its schedule."""
        return await self._watch_of(incident) is not None

    async def longest_s(self, incidents: Iterable[Incident]) -> float:
        """How many seconds are left until quiet hours have ended for all of these incidents, or 0 if they have."""
        found = [until for one in incidents if (until := await self.until(one)) is not None]
        return max(0.0, (max(found) - self._now()).total_seconds()) if found else 0.0

    async def in_channel_s(self, channel: str) -> float:
        """How many seconds are left until quiet hours have ended for a channel's active watches, or 0 if they have."""
        now, watches = self._now(), await self._watches.all_watches()
        found = [quiet_until(one, now) for one in watches if one.channel == channel and not one.paused]
        return max(((until - now).total_seconds() for until in found if until is not None), default=0.0)

    async def withhold(self, before: Incident, after: Incident) -> Incident:
        """Withhold what a change would post, if it's quiet now."""
        return withhold(before, after, await self.until(after)) if after != before else after

    async def _watch_of(self, incident: Incident) -> Watch | None:
        covers = self._covers.of(await self._watches.all_watches())
        schedule = WatchedSchedule(incident.schedule, incident.name, owner=incident.owner)
        return covers.deciding(schedule).get(incident.channel)
