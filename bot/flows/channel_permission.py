"""Permission to have a card in a channel: only for members of the channel.

`bot.flows.authorize` checks the policy. `bot.flows.check_channel` decides whether a watch may post in a channel.
"""

from __future__ import annotations

import asyncio
from enum import Enum

from bot.flows.ports.slack import Memberships
from bot.flows.ports.store import Indexes

# How many of a person's runs are searched for earlier cards in the channel.
LOOKED_AT = 50


class Permission(Enum):
    """Whether a person may have a card. Unknown if Slack doesn't say."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class ChannelPermissions:
    """Checks in which channels a person may have a card."""

    def __init__(self, memberships: Memberships, indexes: Indexes) -> None:
        self._memberships = memberships
        self._indexes = indexes

    async def may_run_in(self, user: str, channel: str) -> Permission:
        """Check, on every click, whether a person may have a card in a channel.

        If Slack doesn't say, people may have cards in channels in which they have had one.
        """
        member_channels = await self._memberships.channels_of(user)
        if member_channels.whole and channel not in member_channels.names:
            # The person may have just joined: read again before refusing.
            member_channels = await self._memberships.channels_of(user, fresh=True)
        if channel in member_channels.names:
            return Permission.YES
        # Slack doesn't list group direct messages anywhere.
        there = None if channel.startswith("D") else await self._memberships.is_member(channel, user)
        if there is not None:
            return Permission.YES if there else Permission.NO
        if member_channels.whole and not channel.startswith("D"):
            return Permission.NO
        habits = await self._indexes.habits(user, most=LOOKED_AT)
        if any(one.channel == channel for one in habits.schedules) or await self._has_card(user, channel):
            return Permission.YES
        return Permission.NO if member_channels.whole else Permission.UNKNOWN

    async def _has_card(self, user: str, channel: str) -> bool:
        """Whether a card of one of the person's active or recently failed runs is in the channel."""
        found = await asyncio.gather(
            self._indexes.failed(user, [], most=LOOKED_AT), self._indexes.active_of(user, most=LOOKED_AT)
        )
        return any(one.card is not None and one.card.channel == channel for page in found for one in page.runs)
