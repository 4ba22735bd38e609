"""The people whom an incident names, and those whom its posts notify.

`bot.core.watching.when_to_mention` decides when people are mentioned.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.model.incident import Incident
from bot.core.model.outage import MENTIONS_MOST
from bot.core.model.run_end import WatchedSchedule
from bot.core.text.text import Group, Mention, Sentence, Span
from bot.core.views.incident import people_in
from bot.flows.mention_owner import OwnerMentions
from bot.flows.ports.slack import People
from bot.flows.ports.watch_store import Watches


class IncidentPeople:
    """Finds the names of the people in an incident, and whom its posts mention."""

    def __init__(self, people: People, watches: Watches, owners: OwnerMentions) -> None:
        self._people = people
        self._watches = watches
        self._owners = owners

    async def names(self, incident: Incident) -> dict[str, str]:
        """The usernames of the people in an incident, as far as Slack reports them.

        The owner's username is listed under the name that Bolt has for the owner.
        """
        found = {user: (await self._people.person(user)).name for user in sorted(people_in(incident))}
        if incident.owner:
            found[incident.owner] = await self._owners.name(_schedule(incident))
        return {user: name for user, name in found.items() if name}

    async def names_in(self, incidents: Sequence[Incident]) -> dict[str, str]:
        """The usernames of the people in several incidents."""
        found: dict[str, str] = {}
        for one in incidents:
            found |= await self.names(one)
        return found

    async def mention(self, incident: Incident) -> Sentence:
        """The mention for a post; may be empty. An owner whom a mention doesn't reach is named in plain text."""
        watches = await self._watches.all_watches()
        mention = next(
            (one.mention for one in watches if (one.channel, one.number) == (incident.channel, incident.watch)), "none"
        )
        if mention == "owner":
            return await self._owners.mention(incident.channel, _schedule(incident))
        if mention.startswith(("U", "W")):
            return (Mention(mention),)
        return (Group(mention, "@group"),) if mention.startswith("S") else ()

    async def mention_all(self, incidents: Sequence[Incident], most: int = MENTIONS_MOST) -> Sentence:
        """Mentions for one post about several incidents, without repeats, and at most `most` of them."""
        found: dict[Span, None] = {}
        for incident in incidents:
            if len(found) < most:
                found |= dict.fromkeys(span for span in await self.mention(incident) if not isinstance(span, str))
        spans: list[Span] = []
        for span in list(found)[:most]:
            spans += [" ", span] if spans else [span]
        return tuple(spans)


def _schedule(incident: Incident) -> WatchedSchedule:
    return WatchedSchedule(incident.schedule, incident.name, owner=incident.owner)
