"""A watched schedule gets another slug in Bolt: everything goes on under the new one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from redis.asyncio import Redis

from bot.core.model.person import Person, Role
from bot.core.model.request import RequestState
from tests.core.views.plain import shown
from tests.flows.fakes import HOURLY, NIGHTLY
from tests.flows.incident_stage import DISK_LOG, IncidentStage
from tests.flows.stage import ADA, CHANNEL
from tests.flows.test_read_incident_retries import click, lines

RENAMED = replace(NIGHTLY, slug="full-build", name="Full build")


@pytest.fixture
async def stage(one_redis: Redis) -> IncidentStage:
    """A channel watches a schedule by its slug."""
    stage = IncidentStage(one_redis)
    await stage.watch()
    return stage


async def rename(stage: IncidentStage) -> None:
    """The listing has it under another slug, with the same runs."""
    stage.bolt.active = [RENAMED if one.slug == "nightly" else one for one in stage.bolt.active]
    stage.bolt.runs_of["full-build"] = stage.bolt.runs_of.pop("nightly", [])
    stage.catalog.forget()
    await stage.discover()


async def test_an_incident_goes_on_in_its_message_under_the_new_name(stage: IncidentStage) -> None:
    """The incident's count goes on, and it recovers in the same message."""
    stage.run_through("FAILED")
    await stage.discover()
    ts = (await stage.stored()).ts
    await rename(stage)
    (watch,) = await stage.watches.all_watches()
    assert (watch.pattern, watch.number) == ("full-build", 1)
    (message,) = stage.cards()
    assert "Full build" in message
    assert "Nightly" not in str(shown(stage.chat.posted[CHANNEL, ts].message))
    assert await stage.incidents.load_incident(CHANNEL, "nightly") is None
    stage.run_through("FAILED", "full-build", log=DISK_LOG)
    await stage.discover()
    stored = await stage.stored(slug="full-build")
    assert (stored.ts, stored.incident.failures, stored.incident.serial) == (ts, 2, 1)
    assert len(await stage.thread(slug="full-build")) == 2
    stage.run_through("SUCCESS", "full-build")
    await stage.discover()
    (message,) = stage.cards()
    assert "Full build recovered after 2 failures" in message


async def test_what_is_under_way_is_the_new_ones(stage: IncidentStage) -> None:
    """A run that began under the old slug counts for the incident, and a waiting post is sent once."""
    first, second = stage.begin(), stage.begin()
    await stage.discover()
    stage.end(first, "FAILED")
    for name in ("discovery", "looks"):
        await stage.work(name)
    await stage.poll()
    for name in ("ends", "accounts"):
        await stage.work(name)
    await rename(stage)
    assert len(stage.cards()) == 1
    stage.end(second, "FAILED")
    await stage.discover()
    assert (await stage.incident(slug="full-build")).failures == 2
    assert len(stage.cards()) == 1


async def test_counts_and_known_runs_go_on(stage: IncidentStage) -> None:
    """Nothing is reported twice, and the digest's numbers include both slugs."""
    stage.run_through("FAILED")
    await stage.discover()
    await rename(stage)
    await stage.sweep()
    stage.run_through("FAILED", "full-build")
    await stage.discover()
    assert (await stage.incident(slug="full-build")).failures == 2
    days = [(stage.at + timedelta(days=days)).astimezone(UTC).date().isoformat() for days in (-1, 0)]
    found = await stage.tallies.load_days(["full-build", "nightly"], days)
    assert "nightly" not in found
    assert sum(count for day in found["full-build"].values() for name, count in day.items() if name[0] == "f") == 2


async def test_a_message_that_is_on_its_way_is_posted_once(stage: IncidentStage) -> None:
    """The process that posts it only knows the old slug."""
    stage.run_through("FAILED")
    stage.chat.meanwhile = lambda: rename_only(stage)
    await stage.discover()
    await stage.settle()
    assert len(stage.cards()) == 1
    assert (await stage.stored(slug="full-build")).ts


async def file_waits(stage: IncidentStage) -> str:
    """A schedule has failed, and its log file is waiting to be posted. Returns the key of the waiting posts."""
    stage.run_through("FAILED")
    await stage.discovery_only()
    attached = stage.scripts.key("posts", "attached", CHANNEL)
    while not await stage.redis.zcard(attached):
        assert await stage.post()
    return attached


async def test_a_log_file_that_waits_is_posted_in_the_thread(stage: IncidentStage) -> None:
    """The file's post goes on under the new slug, like any post about the incident."""
    attached = await file_waits(stage)
    await rename(stage)
    await stage.settle()
    ts = (await stage.stored(slug="full-build")).ts
    assert [(channel, thread) for channel, thread, _ in stage.chat.shared] == [(CHANNEL, ts)]
    assert await stage.redis.zcard(attached) == 0


async def test_a_post_that_was_just_claimed_is_sent_under_the_new_name(stage: IncidentStage) -> None:
    """The process that claimed it finds no incident under the old slug."""
    attached = await file_waits(stage)
    await stage.redis.zadd(attached, {str(one): 1 for one in await stage.redis.zrange(attached, 0, -1)})
    await stage.redis.delete(stage.scripts.key("budget", "posts"), stage.scripts.key("budget", "channels"))
    taken = await stage.posts.claim()
    assert taken.lease is not None
    await rename_only(stage)
    await stage.deliverer.deliver_post(taken.lease, taken.item, taken.urgency, taken.channel)
    assert stage.chat.shared == []
    await stage.settle()
    assert len(stage.chat.shared) == 1
    assert await stage.redis.zcard(attached) == 0


async def rename_only(stage: IncidentStage) -> None:
    """Only the listing notices the new slug."""
    stage.bolt.active = [RENAMED if one.slug == "nightly" else one for one in stage.bolt.active]
    stage.bolt.runs_of["full-build"] = stage.bolt.runs_of.pop("nightly", [])
    stage.catalog.forget()
    await stage.work("discovery")


async def test_a_retry_that_is_starting_goes_on_in_the_message(stage: IncidentStage) -> None:
    """The retry's progress is shown in the message, so its asker isn't told separately."""
    stage.people.people[ADA] = Person(ADA, name="ada", roles=frozenset({Role.MEMBER}))
    stage.run_through("FAILED")
    await stage.discover()
    await click(stage)
    await stage.advance()
    await stage.edit()
    await stage.post()
    assert await stage.state() is RequestState.CARDED
    await rename(stage)
    await stage.advance()
    run_id = (await stage.request()).run_id
    await stage.settle()
    assert lines(stage) == [f":repeat: Being retried as run {run_id} by ada"]
    assert run_id is not None
    stage.end(run_id, "SUCCESS")
    await stage.settle()
    assert (await stage.request()).end_untold is False


async def test_another_schedule_is_not_taken_for_a_renamed_one(stage: IncidentStage) -> None:
    """The other schedule has its own uuid, or is listed together with the old slug."""
    stage.run_through("FAILED")
    await stage.discover()
    stage.bolt.active.append(replace(NIGHTLY, slug="copy", name="Copy"))
    stage.catalog.forget()
    await stage.discover()
    stage.bolt.active = [HOURLY, replace(NIGHTLY, slug="other", uuid="u-9")]
    stage.catalog.forget()
    await stage.discover()
    (watch,) = await stage.watches.all_watches()
    assert watch.pattern == "nightly"
    assert (await stage.incident()).is_open
