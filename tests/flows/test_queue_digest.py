"""Queueing digests: once per local date, never much too late, whichever process is killed at whatever point."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from bot.core.model.digest import Digest
from bot.core.watching.digest_time import next_slot
from tests.flows.digest_stage import DigestStage
from tests.flows.stage import CHANNEL

SLOT = datetime(2026, 11, 30, 9, tzinfo=UTC)
SOON = timedelta(minutes=1)


@pytest.fixture
async def stage(one_redis: Redis) -> DigestStage:
    """A channel with a digest every day at 9:00 UTC."""
    stage = DigestStage(one_redis)
    await stage.watch("*")
    await stage.type("digest daily 09:00 --tz UTC")
    return stage


def digests(stage: DigestStage) -> list[str]:
    """The first lines of the digests in the channel."""
    return [text.split("\n")[0] for text in stage.cards() if "igest since" in text]


async def test_it_is_posted_every_day_at_its_time(stage: DigestStage) -> None:
    """A digest is posted once, not before its time, and each run is in one of the digests."""
    stage.run_through("SUCCESS")
    await stage.until(SLOT - SOON)
    assert digests(stage) == []
    await stage.until(SLOT + SOON)
    await stage.until(SLOT + 2 * SOON)
    assert len(digests(stage)) == 1
    assert "1 run of 1 of 2 schedules, 100% succeeded" in digests(stage)[0]
    stage.run_through("SUCCESS", "hourly")
    stage.run_through("SUCCESS", "hourly")
    await stage.until(SLOT + timedelta(days=1) + SOON)
    assert "2 runs of 1 of 2 schedules" in digests(stage)[1]


async def test_after_an_outage_it_comes_late_or_not_at_all(stage: DigestStage) -> None:
    """A digest can be up to six hours late; the next one is posted on time."""
    await stage.until(SLOT + timedelta(hours=5, minutes=59))
    assert len(digests(stage)) == 1
    await stage.until(SLOT + timedelta(days=1, hours=7))
    assert len(digests(stage)) == 1
    await stage.until(SLOT + timedelta(days=2) + SOON)
    assert len(digests(stage)) == 2


async def test_a_digest_that_is_set_again_comes_once_a_date(stage: DigestStage) -> None:
    """A digest is posted once per date, even if it's moved to a later time on the same day."""
    await stage.until(SLOT + SOON)
    await stage.type("digest daily 11:00 --tz UTC")
    await stage.until(SLOT + timedelta(hours=2) + SOON)
    assert len(digests(stage)) == 1
    await stage.until(SLOT + timedelta(days=1, hours=2) + SOON)
    assert len(digests(stage)) == 2


async def test_it_waits_for_a_listing_that_is_newer(stage: DigestStage) -> None:
    """The digest waits an hour at most for a listing that has every run that ended before the digest's time."""
    await stage.until(SLOT + SOON, listed=False)
    assert digests(stage) == []
    await stage.until(SLOT + 2 * SOON)
    assert len(digests(stage)) == 1
    await stage.until(SLOT + timedelta(days=1, minutes=59), listed=False)
    assert len(digests(stage)) == 1
    await stage.until(SLOT + timedelta(days=1, hours=1), listed=False)
    assert len(digests(stage)) == 2
    assert "I haven't been able to read Bolt's runs since 09:02" in stage.cards()[-1]


async def test_two_processes_queue_it_once(stage: DigestStage) -> None:
    """The first process may have been killed, or may only be slow."""
    stage.at = stage.bolt.clock = SLOT + SOON
    await stage.work("discovery")
    leases = []
    for _ in range(2):
        await stage.redis.zadd(stage.scripts.key("due", "reports"), {CHANNEL: 1})
        claimed = await stage.due["reports"].claim(1)
        assert claimed.lease is not None
        leases.append(claimed.lease)
    await stage.clock().queue_digest(leases[1])
    await stage.clock().queue_digest(leases[0])
    # Redis has lost the due time, but not the date.
    await stage.redis.zadd(stage.scripts.key("due", "reports"), {CHANNEL: 1})
    await stage.queue_digests()
    await stage.settle()
    assert len(digests(stage)) == 1


async def test_a_channel_whose_digest_is_off_is_due_no_more(stage: DigestStage) -> None:
    """A digest that was turned off isn't posted, even if it was already claimed."""
    await stage.redis.zadd(stage.scripts.key("due", "reports"), {CHANNEL: 1})
    claimed = await stage.due["reports"].claim(1)
    assert claimed.lease is not None
    await stage.type("digest off")
    await stage.clock().queue_digest(claimed.lease)
    assert await stage.redis.zcard(stage.scripts.key("due", "reports")) == 0


@pytest.mark.parametrize(
    ("zone", "clock", "around"),
    [
        ("Europe/Berlin", "02:30", datetime(2026, 3, 29, tzinfo=UTC)),
        ("Europe/Berlin", "02:30", datetime(2026, 10, 25, tzinfo=UTC)),
        ("America/New_York", "01:30", datetime(2026, 11, 1, tzinfo=UTC)),
        ("Australia/Lord_Howe", "02:15", datetime(2026, 10, 4, tzinfo=UTC)),
        ("Australia/Lord_Howe", "01:45", datetime(2026, 4, 5, tzinfo=UTC)),
    ],
)
async def test_when_clocks_change_each_date_has_one(one_redis: Redis, zone: str, clock: str, around: datetime) -> None:
    """Four days around the change are checked every half hour, and each has one digest."""
    begin = around - timedelta(days=2)
    stage = DigestStage(one_redis, at=begin)
    await stage.watch("nightly")
    digest = Digest(CHANNEL, "T", clock, zone, "U0ADA", begin)
    await stage.digests.set_digest(digest, next_slot(digest, begin).at)
    for half_hours in range(1, 2 * 24 * 4):
        stage.at = stage.bolt.clock = begin + timedelta(minutes=30 * half_hours + 1)
        if half_hours % 4 == 0:
            await stage.work("discovery")
        await stage.queue_digests()
    keys = await stage.redis.keys(stage.scripts.key("report", CHANNEL, "*"))
    assert len(keys) == 4
