"""The channels in which a schedule is watched; only public channels are named."""

from __future__ import annotations

from dataclasses import replace

from redis.asyncio import Redis

from bot.core.model.channel import ChannelInfo, ChannelKind
from bot.core.model.errors import StoreUnavailable
from bot.core.model.watch import Watch
from bot.flows.watched_channels import WatchedChannels
from bot.store.scripts import Scripts
from bot.store.watches import Watches
from tests.flows.fakes import HOURLY, NIGHTLY, FakePeople
from tests.flows.watch_stage import NOW


async def test_public_channels_that_watch_it_are_named(redis_client: Redis) -> None:
    """Any pattern counts. Private channels and direct messages aren't named."""
    watches, people = Watches(Scripts(redis_client, "test", retention_s=1000)), FakePeople()
    people.channels["C3"] = ChannelInfo("C3", "secret", ChannelKind.PRIVATE, shared=False)
    watch = Watch("C1", 0, "T", "nightly", NOW)
    for channel, pattern in (("C2", "*"), ("C1", "nightly"), ("C3", "*"), ("D1", "*")):
        await watches.add_watch(replace(watch, channel=channel, pattern=pattern))
    channels = WatchedChannels(watches, people)
    assert await channels.public_channels(NIGHTLY) == ["C1", "C2"]
    assert await channels.public_channels(HOURLY) == ["C2"]


class _Away(Watches):
    """A store that can't be read."""

    async def all_watches(self) -> tuple[Watch, ...]:
        """Fail."""
        raise StoreUnavailable


async def test_a_schedule_is_shown_without_the_store(redis_client: Redis) -> None:
    """If Redis is away, no channels are named."""
    channels = WatchedChannels(_Away(Scripts(redis_client, "test", retention_s=1000)), FakePeople())
    assert await channels.public_channels(NIGHTLY) == ()
