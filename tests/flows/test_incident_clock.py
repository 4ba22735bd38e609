"""Changes to incidents that happen just because time passes."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

from redis.asyncio import Redis

from bot.core.watching.handling import snoozed
from bot.core.watching.snooze import SnoozeChoice
from tests.flows.incident_stage import DISK_LOG, IncidentStage


async def test_a_snooze_that_ends_is_told_with_what_is_new(one_redis: Redis) -> None:
    """One post reports both. Until then nothing is posted."""
    stage = IncidentStage(one_redis)
    await stage.watch()
    stage.run_through("FAILED")
    await stage.discover()
    stored = await stage.stored()
    after = snoozed(stored.incident, "U0BOB", SnoozeChoice.HOUR, stage.at, ZoneInfo("UTC"))
    assert await stage.incidents.store_incident(stored, after, "now")
    stage.run_through("FAILED", log=DISK_LOG)
    await stage.discover()
    assert len(await stage.thread()) == 1
    assert await stage.work("incidents", whatever=True) == 1
    assert (await stage.incident()).snooze is not None
    stage.pass_minutes(61)
    await stage.work("incidents", whatever=True)
    await stage.settle()
    assert len(await stage.thread()) == 2
    assert (await stage.incident()).snooze is None
    assert stage.at.tzinfo is UTC


async def test_an_incident_that_is_gone_is_left_alone(one_redis: Redis) -> None:
    """The incident's record has expired."""
    stage = IncidentStage(one_redis)
    await stage.redis.zadd(stage.scripts.key("due", "incidents"), {"C1:nightly": 1})
    assert await stage.work("incidents") == 1
    assert await stage.work("incidents") == 0
