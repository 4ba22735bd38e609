"""Stored incidents, without Redis."""

from __future__ import annotations

from dataclasses import replace

from bot.core.model.incident import Incident, StoredIncident
from bot.core.watching.edits import Edit


class FakeIncidents:
    """Stored incidents. `contended`: how many of the next changes come too late, because another process was faster."""

    def __init__(self, *incidents: Incident) -> None:
        self.records = {(one.channel, one.schedule): StoredIncident(one, 1, "1.0") for one in incidents}
        self.edits: list[Edit] = []
        self.contended = 0

    def of(self, schedule: str, channel: str = "C1") -> Incident:
        """A schedule's incident as it is now."""
        return self.records[channel, schedule].incident

    async def load_incident(self, channel: str, schedule: str) -> StoredIncident | None:
        """A schedule's newest incident."""
        return self.records.get((channel, schedule))

    async def open_incidents(self, channel: str | None = None) -> list[StoredIncident]:
        """The open incidents of one channel, or of all."""
        found = [one for one in self.records.values() if one.incident.is_open]
        return [one for one in found if channel in (None, one.incident.channel)]

    async def store_incident(self, before: StoredIncident, after: Incident, edit: Edit) -> bool:
        """Replace an incident, unless it has changed since it was loaded."""
        key = (after.channel, after.schedule)
        known = self.records.get(key)
        if self.contended and known is not None:
            self.contended -= 1
            self.records[key] = replace(known, rev=known.rev + 1)
        if known is not None and self.records[key].rev != before.rev:
            return False
        self.records[key] = StoredIncident(after, before.rev + 1, before.ts)
        self.edits.append(edit)
        return True
