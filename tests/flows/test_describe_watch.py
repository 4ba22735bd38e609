"""The answer about a watch mentions other notifiers, other watches, and a channel that can't be posted to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.core.model.bolt import Notification
from bot.core.model.errors import ChannelRefused
from tests.core.views.plain import shown
from tests.flows.fakes import HOURLY, NIGHTLY
from tests.flows.stage import ADA, CHANNEL
from tests.flows.watch_stage import WatchStage


@pytest.fixture
def stage(redis_client: Redis) -> WatchStage:
    """Two schedules, and everybody may watch them."""
    return WatchStage(redis_client)


async def test_other_notifiers_and_other_watches_are_named(stage: WatchStage) -> None:
    """The reply names Bolt's own notifications to the same channel, in either form, and the more specific watch."""
    stage.bolt.active = [
        replace(NIGHTLY, slack_notify=(f"#name-of-{CHANNEL}",)),
        replace(HOURLY, notifications=(Notification("slack", CHANNEL), Notification("email", "a@example.com"))),
    ]
    await stage.type("watch nightly")
    told = shown(await stage.type("watch *"))
    assert "It covers 2 schedules; for 1 of them, a more specific watch applies." in told
    assert any("Bolt itself already notifies this channel about nightly and hourly." in line for line in told)


async def test_a_public_channel_is_joined(stage: WatchStage) -> None:
    """If that isn't possible, the answer says so. Direct messages need no joining."""
    await stage.type("watch nightly")
    assert stage.chat.joined == [CHANNEL]
    stage.chat.faults.fail("join_channel", ChannelRefused("conversations.join", "is_archived"))
    assert any("I can't post here yet" in line for line in shown(await stage.type("watch hourly")))
    await stage.type("watch nightly", channel=f"D{ADA}")
    assert stage.chat.joined == [CHANNEL]
    assert [one.channel for one in await stage.kept()] == [CHANNEL, CHANNEL, f"D{ADA}"]
