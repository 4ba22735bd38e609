"""Incidents of schedules that a channel no longer watches are closed."""

from __future__ import annotations

from redis.asyncio import Redis

from bot.core.model.incident import IncidentState
from bot.core.watching.handling import closed
from bot.flows.close_unwatched_incidents import IncidentCloser
from tests.flows.incident_stage import IncidentStage
from tests.flows.stage import CHANNEL


async def test_it_closes_open_incidents_and_nothing_else(one_redis: Redis) -> None:
    """An incident that has recovered stays as it is."""
    stage = IncidentStage(one_redis)
    await stage.watch("*")
    stage.run_through("FAILED")
    stage.run_through("FAILED", "hourly")
    await stage.discover()
    stage.run_through("SUCCESS", "hourly")
    await stage.discover()
    await IncidentCloser(stage.incidents, stage.discovery).close_all(["nightly", "hourly", "unknown"])
    assert (await stage.incident()).state is IncidentState.CLOSED
    assert (await stage.incident(slug="hourly")).state is IncidentState.RECOVERED
    assert await stage.incidents.open_incidents(CHANNEL) == []


async def test_when_the_last_watch_goes_so_do_its_incidents(one_redis: Redis) -> None:
    """The message says that the schedule is no longer watched."""
    stage = IncidentStage(one_redis)
    await stage.watch("hourly", "C2")
    watch = await stage.watch()
    stage.run_through("FAILED")
    await stage.discover()
    await stage.watches.remove_watch(CHANNEL, watch.number)
    await stage.discover()
    assert "no longer watched here" in stage.cards()[0]


async def test_a_watch_that_is_made_again_takes_up_what_fails(one_redis: Redis) -> None:
    """The recovery is reported, although the schedule's runs weren't looked at between the two watches."""
    stage = IncidentStage(one_redis)
    await stage.watch("hourly", "C2")
    watch = await stage.watch()
    stage.run_through("FAILED")
    await stage.discover()
    await stage.watches.remove_watch(CHANNEL, watch.number)
    stored = await stage.stored()
    assert await stage.incidents.store_incident(stored, closed(stored.incident, "no longer watched here"), "now")
    stage.pass_minutes(1)
    await stage.watch()
    assert (await stage.incident()).is_open
    stage.run_through("SUCCESS")
    await stage.discover()
    assert any("recovered" in card for card in stage.cards())
