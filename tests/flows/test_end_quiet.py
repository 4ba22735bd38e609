"""Quiet hours with a real Redis: nothing is posted during them, and one message at their end lists it all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from bot.core.model.bolt import Schedule
from bot.core.model.errors import ChannelRefused
from bot.core.model.incident import QuietEnd
from bot.core.model.watch import Quiet
from bot.core.watching.handling import snoozed
from bot.core.watching.snooze import SnoozeChoice
from bot.core.watching.wall_clock import zone_named
from bot.flows.close_unwatched_incidents import IncidentCloser
from tests.flows.fakes import FakeBolt
from tests.flows.incident_stage import DISK_LOG, IncidentStage
from tests.flows.stage import CHANNEL

EVENING, NIGHT, MORNING = (datetime(2026, 12, day, hour, tzinfo=UTC) for day, hour in ((1, 20), (1, 23), (2, 7)))
QUIET = Quiet("22:00", "07:00")


@pytest.fixture
async def stage(one_redis: Redis) -> IncidentStage:
    """A channel that watches two schedules, in the evening."""
    stage = IncidentStage(one_redis, at=EVENING)
    await stage.watch("*", quiet=QUIET, time_zone="UTC", mention="U0ADA")
    return stage


async def at(stage: IncidentStage, when: datetime) -> None:
    """Move the clock to this time, and do the work that is then due."""
    stage.at = stage.bolt.clock = max(stage.at, when)
    await stage.work("quiet", whatever=True)
    await stage.work("incidents", whatever=True)
    await stage.settle()


async def fail(stage: IncidentStage, slug: str = "nightly", state: str = "FAILED", **facts: str) -> None:
    """A run fails, and discovery finds it."""
    stage.run_through(state, slug, **facts)
    await stage.discover()


def texts(stage: IncidentStage) -> list[str]:
    """The channel's messages, with mentions as they're sent."""
    return stage.chat.in_channel(CHANNEL)


async def test_nothing_is_posted_in_the_night_and_one_message_in_the_morning(stage: IncidentStage) -> None:
    """The message lists what is failing, and what failed and recovered."""
    await at(stage, NIGHT)
    await fail(stage)
    await fail(stage)
    await fail(stage, "hourly")
    await fail(stage, "hourly", "SUCCESS")
    assert stage.chat.posted == {}
    assert (await stage.incident()).failures == 2
    await at(stage, MORNING)
    (message,) = texts(stage)
    assert message.startswith(
        "Quiet hours are over: 1 schedule is failing, and 1 schedule failed and recovered in the meantime."
    )
    assert "Nightly full build is failing: 2 runs" in message
    assert "Hourly failed once and recovered" in message
    assert "U0ADA" in message
    assert await stage.work("quiet", whatever=True) == 0


async def test_an_incident_gets_its_own_message_at_its_next_failure(stage: IncidentStage) -> None:
    """Within an hour it mentions nobody, because the list already did."""
    await at(stage, NIGHT)
    await fail(stage)
    await at(stage, MORNING)
    await fail(stage)
    assert len(texts(stage)) == 2
    assert "is failing: 2 runs" in texts(stage)[1]
    (post,) = (await stage.incident()).posts
    assert not post.mention


async def test_an_incident_that_was_listed_recovers_in_a_line(stage: IncidentStage) -> None:
    """The incident has no message that could be edited."""
    await at(stage, NIGHT)
    await fail(stage)
    await at(stage, MORNING)
    await fail(stage, state="SUCCESS")
    assert "Nightly full build recovered after 1 failure" in texts(stage)[1]


async def test_a_known_message_is_edited_in_the_night(stage: IncidentStage) -> None:
    """The posts about a new error and the recovery are withheld, while the message shows the current state."""
    await fail(stage)
    posted = len(stage.chat.posted)
    await at(stage, NIGHT)
    await fail(stage, log=DISK_LOG)
    await fail(stage, state="SUCCESS")
    assert len(stage.chat.posted) == posted
    assert "recovered" in texts(stage)[0]
    await at(stage, MORNING)
    assert texts(stage)[1].startswith("During quiet hours, 1 schedule failed and recovered.")
    assert len(await stage.thread()) == 1


async def test_a_snooze_that_ends_in_the_night_is_told_in_the_morning(stage: IncidentStage) -> None:
    """A snooze that's still on in the morning isn't mentioned."""
    for slug, choice in (("nightly", SnoozeChoice.FOUR_HOURS), ("hourly", SnoozeChoice.RECOVERY)):
        await fail(stage, slug)
        stored = await stage.stored(slug=slug)
        after = snoozed(stored.incident, "U0ADA", choice, stage.at, zone_named("UTC"))
        assert await stage.incidents.store_incident(stored, after, "now")
    await at(stage, datetime(2026, 12, 2, 1, tzinfo=UTC))
    await fail(stage, "hourly", log=DISK_LOG)
    assert len(texts(stage)) == 2
    await at(stage, MORNING)
    assert len(texts(stage)) == 3
    assert "Nightly full build" in texts(stage)[2]
    assert "Hourly" not in texts(stage)[2]


async def test_several_incidents_of_a_night_are_all_in_the_list(stage: IncidentStage) -> None:
    """The first incident's failures are counted, though a second one has replaced it."""
    await at(stage, NIGHT)
    await fail(stage)
    await fail(stage, state="SUCCESS")
    stage.pass_minutes(300)
    await fail(stage)
    await at(stage, MORNING)
    (message,) = texts(stage)
    assert "Nightly full build failed" in message
    assert "after 1 earlier failure, also during quiet hours" in message


async def test_watches_with_other_quiet_hours_are_told_at_their_own_ends(stage: IncidentStage) -> None:
    """The channel comes due at the first end, and again at the next."""
    await stage.watch("hourly", quiet=Quiet("22:00", "09:00"), time_zone="UTC")
    await at(stage, NIGHT)
    await fail(stage)
    await fail(stage, "hourly")
    await at(stage, MORNING)
    assert len(texts(stage)) == 1
    assert "Hourly" not in texts(stage)[0]
    await at(stage, datetime(2026, 12, 2, 9, tzinfo=UTC))
    assert "Hourly failed" in texts(stage)[1]


async def test_quiet_hours_that_were_made_longer_last_longer(stage: IncidentStage) -> None:
    """The watch's current quiet hours apply, not those that it had when the night began."""
    await at(stage, NIGHT)
    await fail(stage)
    (watch,) = await stage.watches.all_watches()
    await stage.watches.change_watch(replace(watch, quiet=Quiet("22:00", "08:00")))
    await fail(stage)
    await at(stage, MORNING)
    assert texts(stage) == []
    await at(stage, datetime(2026, 12, 2, 8, tzinfo=UTC))
    assert len(texts(stage)) == 1


async def test_what_was_wanted_before_is_not_posted_in_the_night(stage: IncidentStage) -> None:
    """The channel refused messages in the evening, and accepts them again during the night."""
    stage.chat.refusing[CHANNEL] = ChannelRefused("chat.postMessage", "not_in_channel")
    await fail(stage)
    stage.chat.refusing.clear()
    await stage.posts.mark_reachable(CHANNEL)
    await at(stage, NIGHT)
    assert texts(stage) == []
    await at(stage, MORNING)
    assert len(texts(stage)) == 1
    assert "Nightly full build failed" in texts(stage)[0]


async def test_a_channel_that_is_no_longer_watched_hears_nothing(stage: IncidentStage) -> None:
    """The channel's watch was stopped in the night."""
    await at(stage, NIGHT)
    await fail(stage)
    (watch,) = await stage.watches.all_watches()
    await stage.watches.remove_watch(CHANNEL, watch.number)
    await stage.discover()
    await at(stage, MORNING)
    assert stage.chat.posted == {}
    assert await stage.work("quiet", whatever=True) == 0


async def test_an_incident_that_is_closed_withholds_nothing_any_more(stage: IncidentStage) -> None:
    """Nothing is left to do in the morning."""
    await at(stage, NIGHT)
    await fail(stage)
    await fail(stage, "hourly")
    closer = IncidentCloser(stage.incidents, stage.discovery)
    await closer.close("nightly", (CHANNEL,))
    assert [one.incident.schedule for one in await stage.quiet_ends.withheld_in(CHANNEL)] == ["hourly"]
    assert await stage.redis.zcard(stage.scripts.key("due", "quiet")) == 1
    await closer.close("hourly", (CHANNEL,))
    assert (await stage.incident()).withheld is None
    assert await stage.redis.zcard(stage.scripts.key("due", "quiet")) == 0


async def test_an_incident_that_changes_meanwhile_is_told_all_the_same(stage: IncidentStage) -> None:
    """The end of quiet hours is worked out again."""
    await at(stage, NIGHT)
    await fail(stage)
    stage.at = stage.bolt.clock = MORNING
    await stage.redis.zadd(stage.scripts.key("due", "quiet"), {CHANNEL: 1})
    claimed = await stage.due["quiet"].claim(1)
    assert claimed.lease is not None
    before = await stage.quiet_ends.withheld_in(CHANNEL)
    await stage.incidents.store_incident(before[0], before[0].incident, "none")
    end = QuietEnd(CHANNEL, "1", tuple(one.incident for one in before))
    assert not await stage.quiet_ends.end_quiet(claimed.lease, end, before, None, 0)
    assert await stage.quiet_ends.load_end(CHANNEL, "1") is None
    await at(stage, MORNING)
    assert len(texts(stage)) == 1


async def test_a_kill_between_any_two_steps_loses_nothing_and_repeats_nothing(stage: IncidentStage) -> None:
    """If two processes end the same quiet hours, there's one message; after a kill, a post is found by its key."""
    await at(stage, NIGHT)
    await fail(stage)
    stage.at = stage.bolt.clock = MORNING
    # A process is killed after its claim: another one claims the channel later.
    await stage.redis.zadd(stage.scripts.key("due", "quiet"), {CHANNEL: 1})
    first = await stage.due["quiet"].claim(1)
    await stage.redis.zadd(stage.scripts.key("due", "quiet"), {CHANNEL: 1})
    second = await stage.due["quiet"].claim(1)
    assert first.lease is not None
    assert second.lease is not None
    await stage.quiet_ender().end_quiet(second.lease)
    await stage.quiet_ender().end_quiet(first.lease)
    assert (await stage.incident()).withheld is None
    # A process is killed after Slack accepted the message.
    stage.chat.faults.lose("post_message")
    await stage.post()
    await stage.settle()
    assert len(texts(stage)) == 1


async def test_an_outage_says_nothing_in_the_night(one_redis: Redis) -> None:
    """The outage's message is edited; a line in the morning says that all have recovered."""
    schedules = [Schedule(n, f"u{n}", f"Job {n}", f"job-{n}", "OFF", "ui", commands=("dbt build",)) for n in range(8)]
    stage = IncidentStage(one_redis, at=EVENING, bolt=FakeBolt(*schedules))
    await stage.watch("*", quiet=QUIET, time_zone="UTC", mention="U0ADA")
    for one in schedules:
        stage.run_through("FAILED", one.slug)
    await stage.discover()
    posted = len(stage.chat.posted)
    await at(stage, NIGHT)
    for one in schedules:
        stage.run_through("SUCCESS", one.slug)
    await stage.discover()
    assert len(stage.chat.posted) == posted
    await at(stage, MORNING)
    assert texts(stage)[-1].startswith("During quiet hours, 8 schedules failed and recovered.")


async def test_what_was_withheld_is_listed_in_a_channel_that_got_another_id(stage: IncidentStage) -> None:
    """In the morning, the list is posted under the new id."""
    await at(stage, NIGHT)
    await fail(stage)
    assert await stage.watches.move_channel(CHANNEL, "C2") == 1
    await at(stage, MORNING)
    assert texts(stage) == []
    (message,) = stage.chat.in_channel("C2")
    assert "Nightly full build" in message
