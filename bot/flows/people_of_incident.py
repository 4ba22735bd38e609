"""Whom an incident names, and whom its posts notify."""

from __future__ import annotations

from bot.core.model.incident import Incident
from bot.core.text.text import Group, Mention, Sentence
from bot.core.views.incident import people_in
from bot.flows.ports.slack import People
from bot.flows.ports.store import Watches


class IncidentPeople:
    """Reads the names of people in an incident, and whom the watch that decides about it wants to notify."""

    def __init__(self, people: People, watches: Watches) -> None:
        self._people = people
        self._watches = watches

    async def names(self, incident: Incident) -> dict[str, str]:
        """The usernames of the people in an incident, as far as Slack tells them."""
        found = {user: (await self._people.person(user)).name for user in sorted(people_in(incident))}
        return {user: name for user, name in found.items() if name}

    async def mention(self, incident: Incident) -> Sentence:
        """Whom a post notifies; empty if nobody."""
        watches = await self._watches.all_watches()
        wanted = next(
            (one.mention for one in watches if (one.channel, one.number) == (incident.channel, incident.watch)), "none"
        )
        if wanted.startswith(("U", "W")):
            return (Mention(wanted),)
        return (Group(wanted, "@group"),) if wanted.startswith("S") else ()
