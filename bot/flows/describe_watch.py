"""Saying what a watch covers: its schedules, what it would have reported lately, and what else is worth noting.

The wording is in `bot.core.views.watches`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.core.model.bolt import Schedule
from bot.core.model.channel import ChannelInfo
from bot.core.model.watch import Watch
from bot.core.text.message import Message
from bot.core.text.name_folding import fold
from bot.core.views.watches import Made, MadeWord, Refused, made
from bot.core.watching.cover import Covers
from bot.core.watching.preview import watched
from bot.core.watching.unreached_owners import UnreachedOwners
from bot.flows.check_owners import OwnerChecker
from bot.flows.own_channel import why_cannot_post
from bot.flows.ports.slack import Chat, People
from bot.flows.preview_watch import WatchPreviewer


class WatchDescriber:
    """Describes watches that were made or changed."""

    def __init__(self, people: People, chat: Chat, previewer: WatchPreviewer, owners: OwnerChecker) -> None:
        self._people = people
        self._chat = chat
        self._previewer = previewer
        self._owners = owners

    async def describe(
        self,
        watch: Watch,
        word: MadeWord,
        matching: Sequence[Schedule],
        others: Sequence[Watch],
        refused: Refused | None = None,
    ) -> Message:
        """Confirm a watch. `matching` are the schedules that it covers; `others` are the channel's other watches.

        `refused` are the schedules that the policy leaves out.
        """
        channel_info = await self._people.channel(watch.channel)
        cannot_post = await why_cannot_post(self._chat, channel_info)
        preview, unreached = await asyncio.gather(
            self._previewer.preview(watch, matching), self._unreached(watch, matching)
        )
        return made(
            Made(
                watch,
                word,
                preview,
                _notified(matching, channel_info),
                _decided_elsewhere(watch, others, matching),
                cannot_post,
                unreached,
                refused,
            )
        )

    async def _unreached(self, watch: Watch, matching: Sequence[Schedule]) -> UnreachedOwners:
        if watch.mention != "owner":
            return UnreachedOwners()
        return await self._owners.unreached(watch.channel, (watched(one) for one in matching))


def _decided_elsewhere(watch: Watch, others: Sequence[Watch], schedules: Sequence[Schedule]) -> int:
    covers = Covers.of([watch, *others])
    deciding = [covers.deciding(watched(one)).get(watch.channel) for one in schedules]
    return sum(one is not None and one.number != watch.number for one in deciding)


def _notified(schedules: Sequence[Schedule], channel_info: ChannelInfo) -> tuple[str, ...]:
    """The schedules for which Bolt itself posts to the channel."""
    here = {fold(channel_info.channel)} | ({fold(channel_info.name)} if channel_info.name else set())
    return tuple(
        one.slug
        for one in schedules
        if here
        & {
            fold(name.lstrip("#"))
            for name in (*one.slack_notify, *(sent.channel for sent in one.notifications if sent.medium == "slack"))
        }
    )
