"""Slow runs are reported once, where the run is shown."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.core.model.watch import SlowAfter
from tests.core.views.plain import said
from tests.flows.incident_stage import IncidentStage
from tests.flows.stage import CHANNEL


@pytest.fixture
async def stage(one_redis: Redis) -> IncidentStage:
    """The flows of watches, with an empty store."""
    return IncidentStage(one_redis)


def lines(stage: IncidentStage, channel: str = CHANNEL) -> list[str]:
    """The messages in the channel, as people read them."""
    return [said(one.message.text) for one in stage.chat.posted.values() if one.channel == channel]


async def check(stage: IncidentStage) -> None:
    """Check active runs, even if that isn't due yet."""
    await stage.work("slow", whatever=True)
    await stage.settle()


async def test_a_run_is_slow_once_at_its_factor_and_says_how_it_ended(stage: IncidentStage) -> None:
    """The usual duration is a minute, so a run is slow only once it's ten minutes over that."""
    for _ in range(3):
        stage.run_through("SUCCESS")
    await stage.watch(slow=SlowAfter(factor=2))
    run = stage.begin()
    await stage.discover()
    stage.pass_minutes(10)
    await check(stage)
    assert lines(stage) == []
    stage.pass_minutes(2)
    for _ in range(2):
        await check(stage)
    (line,) = lines(stage)
    assert f"run {run} is slow" in line
    assert "It usually takes 1 min" in line
    stage.end(run, "SUCCESS")
    await stage.discover()
    (line,) = lines(stage)
    assert "was slow: it succeeded after 13 min" in line


async def test_a_fixed_time_needs_no_history(stage: IncidentStage) -> None:
    """Each channel has its own limit, and after the last limit the run isn't checked anymore."""
    await stage.watch(slow=SlowAfter(seconds=300))
    await stage.watch(channel="C2", slow=SlowAfter(seconds=600))
    await stage.watch("night*", channel="C3")
    stage.begin()
    await stage.discover()
    stage.pass_minutes(6)
    await check(stage)
    assert (len(lines(stage)), lines(stage, "C2")) == (1, [])
    stage.pass_minutes(5)
    await check(stage)
    assert (len(lines(stage)), len(lines(stage, "C2")), lines(stage, "C3")) == (1, 1, [])
    assert await stage.redis.zcard(stage.scripts.key("due", "slow")) == 0


async def test_a_run_that_ended_in_time_is_not_slow(stage: IncidentStage) -> None:
    """A run that ended in time, or that's no longer watched, isn't reported as slow."""
    watch = await stage.watch(slow=SlowAfter(seconds=300))
    run = stage.begin()
    await stage.discover()
    stage.end(run, "SUCCESS")
    await stage.discover()
    stage.pass_minutes(10)
    await check(stage)
    stage.begin()
    await stage.discover()
    await stage.watches.remove_watch(CHANNEL, watch.number)
    stage.pass_minutes(10)
    await check(stage)
    assert lines(stage) == []
    assert await stage.redis.zcard(stage.scripts.key("due", "slow")) == 0


async def test_a_run_that_ended_is_not_checked_again(stage: IncidentStage) -> None:
    """An ended run's check is dropped, whether or not its channel is still watching when the run ends."""
    due = stage.scripts.key("due", "slow")
    watch = await stage.watch(slow=SlowAfter(seconds=300))
    for is_watched in (True, False):
        run = stage.begin()
        await stage.discover()
        assert await stage.redis.zcard(due) == 1
        if not is_watched:
            await stage.watches.remove_watch(CHANNEL, watch.number)
        stage.end(run, "SUCCESS")
        await stage.redis.zadd(stage.scripts.key("due", "polls"), {f"w:{run}": 1})
        await stage.settle()
        assert await stage.redis.zcard(due) == 0


async def test_a_run_with_a_card_is_reported_in_its_thread(stage: IncidentStage) -> None:
    """The run is shown on its card, so the channel gets no other message."""
    await stage.watch(slow=SlowAfter(seconds=300))
    request = await stage.start()
    run = stage.bolt.runs_of["nightly"][0].id
    stage.change(run, started_at=stage.at)
    await stage.discover()
    stage.pass_minutes(6)
    await check(stage)
    assert request.card is not None
    posts = [said(one.message.text) for one in stage.chat.posted.values() if one.thread == request.card.ts]
    assert [f"Run {run} is slow" in post for post in posts] == [True]
    stage.end(run, "SUCCESS")
    await stage.discover()
    assert len(stage.cards()) == 1
