"""The public channels that watch a schedule."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from bot.core.model.bolt import Schedule
from bot.core.model.channel import ChannelKind
from bot.core.model.errors import StoreUnavailable
from bot.core.views.store_unavailable import cause
from bot.core.watching.cover import Covers
from bot.core.watching.preview import watched
from bot.flows.ports.slack import People
from bot.flows.ports.watch_store import Watches

log = structlog.get_logger()

# Slack is asked about no more channels than this.
CHANNELS_MOST = 10


class WatchedChannels:
    """Looks up the channels that watch a schedule, for people who view the schedule."""

    def __init__(self, watches: Watches, people: People) -> None:
        self._watches = watches
        self._people = people

    async def public_channels(self, schedule: Schedule) -> Sequence[str]:
        """The ids of public channels that watch a schedule, at most CHANNELS_MOST; other channels aren't shown to anybody."""
        try:
            watches = await self._watches.all_watches()
        except StoreUnavailable as error:
            log.info("a schedule is shown without the channels that watch it", slug=schedule.slug, why=cause(error))
            return ()
        deciding = Covers.of(watches).deciding(watched(schedule))
        found = sorted(deciding)[:CHANNELS_MOST]
        return [one for one in found if (await self._people.channel(one)).kind is ChannelKind.PUBLIC]
