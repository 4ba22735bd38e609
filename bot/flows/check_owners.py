"""The owners whom a new watch couldn't mention: they aren't in its channel, or aren't known in Slack.

`bot.flows.find_owners` decides who owns a schedule.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog

from bot.core.model.run_end import WatchedSchedule
from bot.core.watching.owners import is_group, owner_key
from bot.core.watching.unreached_owners import UnreachedOwners
from bot.flows.find_owners import OwnerFinder
from bot.flows.mention_owner import OwnerMentions

log = structlog.get_logger()

OWNERS_MOST = 10
WITHIN_S = 3.0


class OwnerChecker:
    """Checks some owners within a bounded time, for the answer to a person."""

    def __init__(self, finder: OwnerFinder, mentions: OwnerMentions, *, within_s: float = WITHIN_S) -> None:
        self._finder = finder
        self._mentions = mentions
        self._within_s = within_s

    async def unreached(self, channel: str, schedules: Iterable[WatchedSchedule]) -> UnreachedOwners:
        """The owners of these schedules whom a mention in the channel wouldn't reach. Raises StoreUnavailable."""
        owners: dict[str, WatchedSchedule] = {}
        for schedule in schedules:
            if schedule.owner:
                owners.setdefault(owner_key(schedule.owner), schedule)
        some = list(owners.values())[:OWNERS_MOST]
        absent, unknown, checked = set[str](), set[str](), 0

        async def check(schedule: WatchedSchedule) -> None:
            nonlocal checked
            who = await self._finder.find_now(schedule)
            if who is None:
                return
            if not who:
                unknown.add(await self._mentions.name(schedule))
            elif not is_group(who) and await self._mentions.is_notified(channel, who) is False:
                absent.add(await self._mentions.name(schedule))
            checked += 1

        try:
            async with asyncio.timeout(self._within_s):
                await asyncio.gather(*(check(one) for one in some))
        except TimeoutError:
            log.info("not all owners could be checked in time", checked=checked, of=len(some))
        return UnreachedOwners(tuple(sorted(absent)), tuple(sorted(unknown)), checked, len(owners))
