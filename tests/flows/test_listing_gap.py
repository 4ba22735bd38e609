"""Each listing of schedules is compared with the one before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from redis.asyncio import Redis

from bot.core.model.errors import BoltDenied
from bot.core.model.listing_gap import GAP_AFTER, GapState
from tests.flows.incident_stage import IncidentStage


@pytest.fixture
async def stage(one_redis: Redis) -> IncidentStage:
    """The flows of watches, with an empty store."""
    return IncidentStage(one_redis, gapless=False)


async def test_before_the_first_listing_there_is_no_gap(stage: IncidentStage) -> None:
    """Nothing has been seen yet, so nothing can be missing."""
    stage.bolt.faults.always["schedules"] = BoltDenied()
    await stage.watch()
    await stage.work("discovery")
    stage.bolt.faults.always.clear()
    await stage.work("discovery")
    assert await stage.gaps.load_gap("now") is None


@pytest.mark.parametrize(("more", "gap"), [(timedelta(), False), (timedelta(seconds=1), True)])
async def test_a_gap_is_longer_than_ten_minutes(stage: IncidentStage, more: timedelta, gap: bool) -> None:  # noqa: FBT001
    """Bolt's clock decides."""
    await stage.watch()
    stage.pass_minutes((GAP_AFTER + more).total_seconds() / 60)
    await stage.work("discovery")
    found = await stage.gaps.load_gap("now")
    assert (found is not None) == gap
    if found is not None:
        assert (found.state, found.until) == (GapState.COLLECTING, stage.at)


async def test_a_listing_that_is_not_recorded_begins_no_second_gap(stage: IncidentStage) -> None:
    """The process may be killed after it began the gap's search and before it recorded the listing."""
    await stage.watch()
    before = stage.at
    stage.pass_minutes(30)
    for _ in range(2):
        await stage.gaps.begin_collecting(before, stage.at, ["nightly"])
    found = await stage.gaps.load_gap("now")
    assert found is not None
    assert (found.number, found.since) == (1, before)
