"""Whether it's quiet, according to the watch that applies to an incident.

The message at their end is tested in test_end_quiet.py.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis

from bot.core.model.incident import Incident, PostKind, ThreadPost
from bot.core.model.watch import Pause, PauseChange, Quiet
from bot.flows.quiet_hours import QuietHours
from tests.flows.incident_stage import IncidentStage
from tests.flows.stage import CHANNEL

NIGHT = datetime(2026, 12, 1, 23, tzinfo=UTC)
INCIDENT = Incident("C1", "nightly", "T", 1, name="Nightly full build")


async def test_the_watch_that_decides_says_when_it_is_quiet(one_redis: Redis) -> None:
    """The deciding watch's quiet hours apply, whichever watch the incident was opened under."""
    stage = IncidentStage(one_redis, at=NIGHT)
    hours = QuietHours(stage.watches, now=lambda: stage.at)
    assert not await hours.is_watched(INCIDENT)
    assert await hours.until(INCIDENT) is None
    await stage.watch("*")
    assert await hours.is_watched(INCIDENT)
    assert await hours.longest_s([INCIDENT]) == 0
    await stage.watch("night*", quiet=Quiet("22:00", "07:00"), time_zone="UTC")
    assert await hours.until(INCIDENT) == NIGHT + timedelta(hours=8)
    assert await hours.longest_s([INCIDENT]) == 8 * 3600


async def test_the_longest_of_a_channels_watches_counts(one_redis: Redis) -> None:
    """Paused watches and other channels' watches don't count."""
    stage = IncidentStage(one_redis, at=NIGHT)
    await stage.watch("*", quiet=Quiet("22:00", "00:00"), time_zone="UTC")
    assert await stage.quiet_hours.in_channel_s(CHANNEL) == 3600
    await stage.watch("night*", quiet=Quiet("22:00", "07:00"), time_zone="UTC")
    assert await stage.quiet_hours.in_channel_s(CHANNEL) == 8 * 3600
    assert await stage.quiet_hours.in_channel_s("C0OTHER") == 0
    await stage.watches.pause_watches(CHANNEL, [2], PauseChange(Pause.REMOVED, NIGHT, "event", "why"))
    assert await stage.quiet_hours.in_channel_s(CHANNEL) == 3600


async def test_only_what_changes_is_withheld(one_redis: Redis) -> None:
    """Only the incident's new posts are withheld."""
    stage = IncidentStage(one_redis, at=NIGHT)
    await stage.watch("*", quiet=Quiet("22:00", "07:00"), time_zone="UTC")
    after = Incident("C1", "nightly", "T", 1, posts=(ThreadPost(1, PostKind.STILL_FAILING),))
    assert await stage.quiet_hours.withhold(after, after) == after
    assert (await stage.quiet_hours.withhold(INCIDENT, after)).posts == ()
