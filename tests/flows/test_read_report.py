"""What a channel's digest counts: the schedules that it watches, on the branches that it watches."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from redis.asyncio import Redis

from bot.core.text.message import Message
from tests.core.views.plain import said
from tests.flows.report_stage import MONDAY, ReportStage
from tests.flows.stage import CHANNEL


@pytest.fixture
def stage(one_redis: Redis) -> ReportStage:
    """Nothing is watched yet."""
    return ReportStage(one_redis)


async def read(stage: ReportStage, channel: str = CHANNEL, *, until: datetime | None = None) -> str:
    """The digest of the last day, in words."""
    end = until or stage.at + timedelta(hours=1)
    message = await stage.reader.read_report(channel, None, end - timedelta(days=1), end)
    return said(message.text) if isinstance(message, Message) else ""


async def test_channels_see_what_they_watch(stage: ReportStage) -> None:
    """Runs on the branch that they watch."""
    await stage.watch("nightly")
    await stage.watch("*", "C2")
    await stage.watch("nightly", "C3", branch="dev")
    stage.run_through("SUCCESS")
    stage.run_through("SUCCESS", "hourly")
    stage.run_through("FAILED", branch="dev")
    await stage.discover()
    assert "1 run of 1 schedule, 100% succeeded" in await read(stage)
    assert "2 runs of 2 schedules, 100% succeeded" in await read(stage, "C2")
    assert "1 run of 1 schedule, 0% succeeded" in await read(stage, "C3")
    assert await read(stage, "C4") == ""
    assert await stage.reader.is_watching("C3")
    assert not await stage.reader.is_watching("C4")


async def test_a_schedule_that_slows_down_is_compared_with_the_weeks_before(stage: ReportStage) -> None:
    """By its successful runs."""
    await stage.watch("nightly")
    for _ in range(5):
        stage.run_through("SUCCESS")
        await stage.discover()
    stage.at = stage.bolt.clock = MONDAY + timedelta(days=7)
    run = stage.begin()
    stage.pass_minutes(20)
    stage.end(run, "SUCCESS")
    await stage.discover()
    assert "Nightly full build: 21 min, usually 1 min" in await read(stage)
    assert "Slowing down" not in await read(stage, until=MONDAY + timedelta(hours=2))
