"""List the channels a person is in, from Slack: called rarely, cached for some minutes, and limited in number.

`bot.flows.channel_permission` decides whether a person may have a card in a channel.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from cachetools import TLRUCache

from bot.core.model.channel import MemberChannels
from bot.core.model.errors import ScopeMissing, SlackError, SlackThrottled
from bot.slack.find_message import Json, WebApi

log = structlog.get_logger()

# users.conversations is in tier 3: about 50 calls a minute in total.
CHANNELS_FRESH_S = 300.0
AGAIN_S = 15.0
JUST_S = 3.0
PEOPLE_MOST = 300
PAGE, PAGES_MOST = 999, 2

NO_SCOPE = "I can't see which channels you're in (the scope channels:read is missing), so only your own runs are shown."
NO_PRIVATE = "Private channels are left out: the scope groups:read is missing."
NOT_TOLD = "Slack didn't say which channels you're in, so only your own runs are shown. Refresh in a minute."


@dataclass(frozen=True, slots=True)
class CachedChannels:
    """Slack's answer, when it came (monotonic clock), and for how many seconds it's valid."""

    channels: MemberChannels
    at: float
    for_s: float


class SlackMemberships:
    """Implements the flows' `Memberships` port."""

    def __init__(self, slack: WebApi, clock: Callable[[], float] = time.monotonic) -> None:
        self._slack = slack
        self._clock = clock
        self._kept: TLRUCache[str, CachedChannels] = TLRUCache(
            PEOPLE_MOST, lambda _user, kept, now: now + kept.for_s, timer=clock
        )
        self._held_until = float("-inf")

    async def channels_of(self, user: str, *, fresh: bool = False) -> MemberChannels:
        """Return the channels a person is in, private ones only if the bot is a member too. `missing` explains any gap.

        `fresh`: the answer is at most a few seconds old.
        """
        kept = self._kept.get(user)
        if kept is not None and not (fresh and kept.at + JUST_S <= self._clock()):
            return kept.channels
        if self._held_until > self._clock():
            return MemberChannels(whole=False, missing=NOT_TOLD)
        try:
            channels, for_s = await self._ask(user), CHANNELS_FRESH_S
        except SlackThrottled as throttled:
            self._held_until = self._clock() + throttled.retry_after_s
            return MemberChannels(whole=False, missing=NOT_TOLD)
        except SlackError as error:
            log.info("couldn't get the list of channels a user is in", user=user, why=str(error))
            channels, for_s = MemberChannels(whole=False, missing=NOT_TOLD), AGAIN_S
        self._kept[user] = CachedChannels(channels, self._clock(), for_s)
        return channels

    async def is_member(self, channel: str, user: str) -> bool | None:
        """Whether a person is in a channel now. None if the bot can't see the channel, or it has too many members."""
        cursor = None
        try:
            for _ in range(PAGES_MOST):
                page: Json = await self._slack.call("conversations.members", channel=channel, limit=PAGE, cursor=cursor)
                if user in (page.get("members") or []):
                    return True
                cursor = (page.get("response_metadata") or {}).get("next_cursor")
                if not cursor:
                    return False
        except SlackError as error:
            log.info("couldn't get the list of members of a channel", channel=channel, why=str(error))
        return None

    async def _ask(self, user: str) -> MemberChannels:
        try:
            return await self._read(user, "public_channel,private_channel")
        except ScopeMissing:
            pass
        try:
            channels = await self._read(user, "public_channel")
        except ScopeMissing:
            return MemberChannels(whole=False, missing=NO_SCOPE)
        return MemberChannels(channels.names, whole=False, missing=NO_PRIVATE)

    async def _read(self, user: str, types: str) -> MemberChannels:
        names: dict[str, str] = {}
        cursor = None
        for _ in range(PAGES_MOST):
            page: Json = await self._slack.call(
                "users.conversations", user=user, types=types, exclude_archived=True, limit=PAGE, cursor=cursor
            )
            names |= {str(one["id"]): str(one.get("name") or "") for one in page.get("channels") or []}
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return MemberChannels(names)
        return MemberChannels(names, whole=False)
