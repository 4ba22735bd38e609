"""A watched schedule that is missing from the listing may be removed, or inactive, or hidden for a moment."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.core.model.errors import BoltNotSent
from tests.flows.fakes import HOURLY, NIGHTLY
from tests.flows.incident_stage import IncidentStage


@pytest.fixture
async def stage(one_redis: Redis) -> IncidentStage:
    """A watched schedule that is failing."""
    made = IncidentStage(one_redis)
    await made.watch()
    made.run_through("FAILED")
    await made.discover()
    return made


async def listed_without_it(stage: IncidentStage, *minutes: float) -> bool:
    """List without the schedule, this many minutes apart; return whether its incident is still open."""
    stage.bolt.active = [HOURLY]
    stage.catalog.forget()
    for more in minutes:
        stage.pass_minutes(more)
        await stage.discover()
    return (await stage.incident()).is_open


async def test_a_schedule_that_is_removed_closes_its_incident(stage: IncidentStage) -> None:
    """The watch stays."""
    assert await listed_without_it(stage, 1, 5)
    assert not await listed_without_it(stage, 6)
    assert "removed from Bolt" in stage.cards()[0]
    assert len(await stage.watches.all_watches()) == 1
    assert await stage.discovery.missing_since() == {}


async def test_an_inactive_schedule_is_not_gone(stage: IncidentStage) -> None:
    """An inactive schedule doesn't count as removed, because it may be switched on again."""
    stage.bolt.inactive = [NIGHTLY]
    assert await listed_without_it(stage, 1, 11, 11)


async def test_a_schedule_that_comes_back_was_hidden_for_a_moment(stage: IncidentStage) -> None:
    """Each time a schedule goes missing, the time until it counts as gone starts over."""
    assert await listed_without_it(stage, 1, 5)
    stage.bolt.active = [NIGHTLY, HOURLY]
    stage.catalog.forget()
    await stage.discover()
    assert await listed_without_it(stage, 6, 5)


async def test_while_bolt_does_not_say_so_it_is_not_gone(stage: IncidentStage) -> None:
    """Bolt is asked again later."""
    stage.bolt.faults.fail("schedule", BoltNotSent())
    assert await listed_without_it(stage, 1, 11)
    assert not await listed_without_it(stage, 11)


async def test_a_suspended_schedule_says_so_and_stays_open(stage: IncidentStage) -> None:
    """A paused schedule's incident says so until the schedule is resumed."""
    stage.bolt.active = [replace(NIGHTLY, suspended=True), HOURLY]
    await stage.discover()
    assert (await stage.incident()).suspended
    assert (await stage.incident()).is_open
    stage.bolt.active = [NIGHTLY, HOURLY]
    await stage.discover()
    assert not (await stage.incident()).suspended
