"""An incident's message is posted once, and so is each post in its thread."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.core.model.errors import ChannelRefused, SlackThrottled
from tests.flows.incident_stage import DISK_LOG, IncidentStage
from tests.flows.stage import CHANNEL


@pytest.fixture
async def stage(one_redis: Redis) -> IncidentStage:
    """The flows of watches; a schedule fails."""
    stage = IncidentStage(one_redis)
    await stage.watch()
    stage.run_through("FAILED")
    return stage


@pytest.mark.parametrize("lost", [1, 2])
async def test_lost_replies_post_nothing_twice(stage: IncidentStage, lost: int) -> None:
    """Each post is found by its key."""
    stage.chat.faults.lose("post_message", lost)
    await stage.discover()
    for _ in range(3):
        await stage.settle()
    assert len(stage.cards()) == 1
    assert len(await stage.thread()) == 1


async def test_a_channel_that_refuses_hears_of_it_later(stage: IncidentStage) -> None:
    """With the state that the schedule has by then."""
    stage.chat.refusing[CHANNEL] = ChannelRefused("chat.postMessage", "is_archived")
    await stage.discover()
    assert stage.cards() == []
    stage.chat.refusing.clear()
    await stage.posts.mark_reachable(CHANNEL)
    await stage.settle()
    assert len(stage.cards()) == 1


async def test_throttled_posts_wait(stage: IncidentStage) -> None:
    """And come."""
    stage.chat.faults.fail("post_message", SlackThrottled("chat.postMessage", 0))
    await stage.discover()
    await stage.settle()
    assert len(stage.cards()) == 1


async def test_a_recovery_before_the_message_is_in_it(stage: IncidentStage) -> None:
    """It's rendered when it's sent, from the newest state."""
    stage.chat.refusing[CHANNEL] = ChannelRefused("chat.postMessage", "is_archived")
    await stage.discover()
    stage.run_through("SUCCESS")
    await stage.discover()
    stage.chat.refusing.clear()
    await stage.posts.mark_reachable(CHANNEL)
    await stage.settle()
    (message,) = stage.cards()
    assert "recovered" in message


async def test_the_watch_says_whom_posts_notify(stage: IncidentStage, one_redis: Redis) -> None:
    """At the opening and at a new error an hour later, not in between; never in the message."""
    del one_redis
    (watch,) = await stage.watches.all_watches()
    assert await stage.watches.change_watch(replace(watch, mention="U0GRACE"))
    await stage.discover()
    stage.run_through("FAILED", log=DISK_LOG)
    await stage.discover()
    opening, error = await stage.thread()
    assert "@U0GRACE" in opening
    assert "@U0GRACE" not in error
    assert "@U0GRACE" not in stage.cards()[0]
