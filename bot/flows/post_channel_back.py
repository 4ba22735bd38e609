"""Posting the one message about what happened while the bot couldn't post in a channel.

`bot.flows.check_channel` decides when it's due, and the wording is in `bot.core.views.watch_pause`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog

from bot.core.model.channel_back import ChannelBack
from bot.core.model.incident import Incident, IncidentState
from bot.core.model.run import CardRef
from bot.core.model.run_end import WatchedSchedule
from bot.core.text.message import Message
from bot.core.text.text import When
from bot.core.views.watch_pause import channel_back_message
from bot.flows.claimed_post import DROPPED, ClaimedPost
from bot.flows.discover_schedules import CoverCache
from bot.flows.lease import Lease
from bot.flows.ports.watch_store import ChannelsBack, Watches
from bot.flows.poster import MessagePoster
from bot.flows.watch_permissions import WatchPermissions

log = structlog.get_logger()


class ChannelBackPoster:
    """Sends the claimed message of a channel."""

    def __init__(
        self,
        poster: MessagePoster,
        channels_back: ChannelsBack,
        watches: Watches,
        permissions: WatchPermissions,
        *,
        app_url: str,
        now: Callable[[], datetime],
        time: Callable[[], datetime],
    ) -> None:
        """`now` is our clock, and `time` is Bolt's."""
        self._channels_back = channels_back
        self._watches = watches
        self._permissions = permissions
        self._poster = poster
        self._covers = CoverCache()
        self._app_url = app_url
        self._now = now
        self._time = time

    async def post_channel_back(self, lease: Lease, urgency: str, channel: str, _name: str) -> None:
        """Post the message for a channel in which the bot can post again, with the incidents as they are now."""
        post = ClaimedPost(lease, urgency, channel, f"back:{channel}", "post")
        back = await self._channels_back.load_channel_back(channel)
        if back is None:
            await self._channels_back.channel_back_posted(post, DROPPED)
            return
        incidents = await self._told(channel, back)
        failing = [one for one in incidents if one.is_open]
        recovered = [one for one in incidents if self._is_recovery_news(one, back)]
        if not (failing or recovered or back.always):
            await self._channels_back.channel_back_posted(post, "nothing")
            return
        message = channel_back_message(failing, recovered, When(back.since, "date_time"), self._app_url)
        send = partial(self._post, post, message, f"back:{channel}:{back.since.timestamp()}")
        why_not = await self._poster.try_to_post(post, send, even_if_unreachable=True)
        if why_not is not None:
            log.error(
                "Slack refused the message about the incidents that a channel missed", channel=channel, why=why_not
            )
            await self._channels_back.channel_back_posted(post, why_not)

    async def _post(self, post: ClaimedPost, message: Message, key: str) -> None:
        ts = await self._poster.post_message_once(post, message, key)
        if ts is not None:
            recorded = await self._channels_back.channel_back_posted(post, ts)
            await self._poster.remove_unless_recorded(CardRef(post.channel, ts), recorded)

    def _is_recovery_news(self, incident: Incident, back: ChannelBack) -> bool:
        """Whether the channel hasn't been told yet that an incident has recovered."""
        by = incident.recovered_by
        if incident.state is not IncidentState.RECOVERED or by is None:
            return False
        # The times at which runs end are on Bolt's clock.
        since = back.since + (self._time() - self._now())
        return incident.schedule in back.withheld or (by.ended_at is not None and by.ended_at >= since)

    async def _told(self, channel: str, back: ChannelBack) -> list[Incident]:
        """The incidents that the message is about: those that the channel may be told about."""
        keys = [(channel, schedule) for schedule in back.schedules]
        incidents = [one.incident for one in await self._channels_back.load_incidents(keys) if one is not None]
        covers = self._covers.of(await self._watches.all_watches())
        told = []
        for one in incidents:
            schedule = WatchedSchedule(one.schedule, one.name, owner=one.owner)
            if channel in (await self._permissions.deciding(covers, schedule))[0]:
                told.append(one)
        return told
