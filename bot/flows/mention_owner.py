"""Notifying the owner of a schedule: with a mention if the owner is in the channel, otherwise by plain name.

`bot.flows.find_owners` decides who owns a schedule, and `bot.core.watching.when_to_mention` decides when an incident
mentions anybody.
"""

from __future__ import annotations

from bot.core.model.channel import ChannelKind
from bot.core.model.person import Person, Role
from bot.core.model.run_end import WatchedSchedule
from bot.core.text.email_addresses import without_addresses
from bot.core.text.text import Group, Mention, Sentence, cut
from bot.core.watching.owners import is_group
from bot.flows.find_owners import OwnerFinder
from bot.flows.ports.slack import Memberships, People

NAME_SHOWN = 80


class OwnerMentions:
    """Says how a schedule's owner is named in a channel. Addresses are never posted."""

    def __init__(self, finder: OwnerFinder, people: People, memberships: Memberships) -> None:
        self._finder = finder
        self._people = people
        self._memberships = memberships

    async def mention(self, channel: str, schedule: WatchedSchedule) -> Sentence:
        """A mention that notifies the owner, their plain name if a mention wouldn't, or nothing if there's no owner.

        If Slack doesn't say whether the owner is in the channel, they're mentioned anyway: at worst, the mention
        doesn't notify anyone.
        """
        who = await self._finder.owner_of(schedule)
        if is_group(who):
            return (Group(who, "@group"),)
        if who and await self.is_notified(channel, who) is not False:
            return (Mention(who),)
        name = await self._shown(who, schedule)
        return (f"owner {name}",) if name else ()

    async def name(self, schedule: WatchedSchedule) -> str:
        """The owner's name in plain text, or "" if there's none. The username if it's known, never an address."""
        who = await self._finder.owner_of(schedule)
        return await self._shown("" if is_group(who) else who, schedule)

    async def is_notified(self, channel: str, user: str) -> bool | None:
        """Whether a mention reaches a person: an active member or guest of this workspace who is in the channel.

        None if Slack doesn't say.
        """
        person = await self._people.person(user)
        if person.roles is not None and (not person.roles or Role.EXTERNAL in person.roles):
            return False
        if (await self._people.channel(channel)).kind is not ChannelKind.DIRECT:
            channels = await self._memberships.channels_of(user)
            if channel in channels.names:
                return True
            if channels.whole:
                return False
        return await self._memberships.is_member(channel, user)

    async def _shown(self, who: str, schedule: WatchedSchedule) -> str:
        person: Person | None = await self._people.person(who) if who else None
        return cut((person.name if person else "") or without_addresses(schedule.owner or ""), NAME_SHOWN)
