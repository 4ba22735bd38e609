"""Whether a person may have a card in a channel: only where they are a member themselves."""

from __future__ import annotations

import asyncio
from enum import Enum

from bot.flows.ports.slack import Memberships
from bot.flows.ports.store import Indexes

# So many of what a person has run say where one has had a card.
LOOKED_AT = 50


class Permission(Enum):
    """Whether a person may. Unknown if Slack doesn't say now."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class ChannelPermissions:
    """Reads in which channels a person may have a card."""

    def __init__(self, memberships: Memberships, indexes: Indexes) -> None:
        self._memberships = memberships
        self._indexes = indexes

    async def may_run_in(self, user: str, channel: str) -> Permission:
        """Whether a person may still have a card in a channel: read anew, as with each click.

        Where Slack does not tell, one may where one has had a card.
        """
        places = await self._memberships.channels_of(user)
        if places.whole and channel not in places.names:
            # Somebody who has just come in is not told to come in.
            places = await self._memberships.channels_of(user, fresh=True)
        if channel in places.names:
            return Permission.YES
        # Direct messages of several people are listed nowhere.
        there = None if channel.startswith("D") else await self._memberships.is_member(channel, user)
        if there is not None:
            return Permission.YES if there else Permission.NO
        if places.whole and not channel.startswith("D"):
            return Permission.NO
        habits = await self._indexes.habits(user, most=LOOKED_AT)
        if any(one.channel == channel for one in habits.schedules) or await self._has_card(user, channel):
            return Permission.YES
        return Permission.NO if places.whole else Permission.UNKNOWN

    async def _has_card(self, user: str, channel: str) -> bool:
        """Whether the card of a run of theirs that goes on, or failed lately, stands in a channel."""
        found = await asyncio.gather(
            self._indexes.failed(user, [], most=LOOKED_AT), self._indexes.active_of(user, most=LOOKED_AT)
        )
        return any(one.card is not None and one.card.channel == channel for page in found for one in page.runs)
