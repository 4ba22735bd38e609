"""One small listing shows which schedules' runs are worth a look."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from bot.core.model.bolt import ScheduleActivity
from bot.core.model.errors import BoltNotSent, BoltThrottled
from bot.core.model.watch import Watch
from bot.flows.discover_schedules import CoverCache
from tests.flows.fakes import NIGHTLY
from tests.flows.incident_stage import IncidentStage
from tests.flows.stage import CHANNEL

NOW = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)


@pytest.fixture
async def stage(one_redis: Redis) -> IncidentStage:
    """The flows of watches, with an empty store."""
    return IncidentStage(one_redis)


def asked(stage: IncidentStage, what: str) -> int:
    """How often Bolt was asked for something."""
    return sum(method == what for method, _ in stage.bolt.reads)


async def test_without_a_watch_nothing_is_listed(stage: IncidentStage) -> None:
    """Once the last watch is gone, the listing stops."""
    assert await stage.work("discovery") == 0
    watch = await stage.watch()
    assert await stage.work("discovery") == 1
    await stage.watches.remove_watch(CHANNEL, watch.number)
    assert await stage.work("discovery") == 0


async def test_if_nothing_happens_no_runs_are_listed(stage: IncidentStage) -> None:
    """Only the small listing is asked for, and nothing is looked at."""
    stage.run_through("SUCCESS")
    await stage.watch("*")
    before = asked(stage, "newest_runs")
    for _ in range(5):
        await stage.discover()
    assert asked(stage, "newest_runs") == before
    assert asked(stage, "schedules") == 1
    assert asked(stage, "activity") == 5


async def test_a_time_that_has_passed_is_worth_one_look(stage: IncidentStage) -> None:
    """The run of a slot that has passed may not show in the listing's other fields yet."""
    stage.bolt.active = [replace(NIGHTLY, next_run_at=stage.at + timedelta(minutes=1))]
    await stage.watch()
    before = asked(stage, "newest_runs")
    stage.pass_minutes(2)
    for _ in range(3):
        await stage.discover()
    assert asked(stage, "newest_runs") == before + 1


async def test_only_watched_schedules_are_looked_at(stage: IncidentStage) -> None:
    """Nothing is stored about the others."""
    await stage.watch("hourly")
    assert set(await stage.discovery.known_activity()) == {"hourly"}
    looks = [slugs for method, slugs in stage.bolt.reads if method == "newest_runs"]
    assert looks == [("hourly",)]


async def test_a_schedule_that_is_new_is_watched_at_once(stage: IncidentStage) -> None:
    """A new schedule's details are read even if the other schedules' details are still fresh."""
    await stage.watch("*")
    stage.bolt.active.append(replace(NIGHTLY, id=9, slug="weekly", name="Weekly"))
    stage.catalog.forget()
    await stage.discover()
    assert "weekly" in await stage.discovery.known_activity()


@pytest.mark.parametrize("error", [BoltNotSent(cause="refused", where="Bolt"), BoltThrottled(3)])
async def test_if_bolt_is_away_the_listing_is_tried_again(
    stage: IncidentStage, error: BoltNotSent | BoltThrottled
) -> None:
    """No schedule counts as gone meanwhile."""
    await stage.watch()
    stage.bolt.faults.fail("activity", error)
    await stage.discover()
    assert set(await stage.discovery.known_activity()) == {"nightly"}
    assert await stage.redis.zcard(stage.scripts.key("due", "discovery")) == 1


async def test_the_time_of_the_listing_is_kept(stage: IncidentStage) -> None:
    """The time is stored by Bolt's clock, so that the bot knows for how long it hasn't seen Bolt's runs."""
    await stage.watch()
    assert await stage.discovery.listed_at() == stage.at


def test_what_is_watched_is_worked_out_once_until_something_changes() -> None:
    """Two thousand schedules are listed four times a minute, and most of them are the same each time."""
    row = ScheduleActivity("nightly", "u", None, "SUCCESS", NOW + timedelta(minutes=1), suspended=False)
    watch = Watch(CHANNEL, 1, "T", "night*", NOW)
    covers = CoverCache().of((watch,))
    first = covers.watched(row, NIGHTLY, NOW)
    assert first is not None
    assert covers.watched(replace(row), replace(NIGHTLY), NOW) is first
    for changed in (
        covers.watched(replace(row, last_run_state="FAILED"), NIGHTLY, NOW),
        covers.watched(row, replace(NIGHTLY, owner="eve"), NOW),
        covers.watched(row, NIGHTLY, NOW + timedelta(minutes=2)),
        covers.of((watch, replace(watch, channel="C2"))).watched(row, NIGHTLY, NOW),
    ):
        assert changed is not None
        assert changed.activity != first.activity
    assert covers.of(()).watched(row, NIGHTLY, NOW) is None
    assert covers.watched(row, None, NOW) is None
