"""Watched schedules that now have another slug in Bolt: their `uuid` shows that they're the same."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import structlog

from bot.core.model.bolt import Schedule, ScheduleActivity
from bot.core.watching.edits import edit_for
from bot.flows.close_unwatched_incidents import TRIES
from bot.flows.ports.watch_store import Discovery, Incidents

log = structlog.get_logger()


class ScheduleRenamer:
    """Moves watches and incidents of renamed schedules to the new slug."""

    def __init__(self, discovery: Discovery, incidents: Incidents) -> None:
        self._discovery = discovery
        self._incidents = incidents

    async def follow_renames(
        self, activity: Sequence[ScheduleActivity], schedules: Mapping[str, Schedule], known: Collection[str]
    ) -> bool:
        """Move the records of schedules that are now listed under another slug. Returns whether there were any."""
        listed = {row.slug for row in activity}
        missing = [slug for slug in known if slug not in listed]
        fresh = {row.uuid: row.slug for row in activity if row.uuid and row.slug not in known}
        if not missing or not fresh:
            return False
        renamed = False
        for slug, record in (await self._discovery.load_schedules(missing)).items():
            new = fresh.get(record.schedule.uuid)
            if new is not None:
                log.info("a watched schedule has a new slug", schedule=new, before=slug)
                channels = await self._discovery.rename_schedule(slug, new)
                await self._name(schedules[new], channels)
                renamed = True
        return renamed

    async def _name(self, schedule: Schedule, channels: Sequence[str]) -> None:
        """Show the new name in open incidents."""
        for channel in channels:
            for _ in range(TRIES):
                stored = await self._incidents.load_incident(channel, schedule.slug)
                if stored is None or not stored.incident.is_open or stored.incident.name == schedule.name:
                    break
                after = replace(stored.incident, name=schedule.name)
                if await self._incidents.store_incident(stored, after, edit_for(stored.incident, after)):
                    break
