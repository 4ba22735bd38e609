"""Hints about unknown runs: when they cause a listing, by Redis' clock, for all replicas together."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from bot.core.model.discovery import ActivityNews
from bot.core.model.run import RunKey
from bot.core.model.run_end import WatchedSchedule
from bot.core.model.watch import Watch
from bot.store.discovery import Discovery
from bot.store.discovery_hints import DiscoveryHints
from bot.store.due_sets import DueSet
from bot.store.scripts import Scripts
from bot.store.watches import Watches
from tests.store.record import follow_run

UNKNOWN = [RunKey("w", 7)]
EVERY_S = 100.0


class Stage:
    """A listing is over, and the next one isn't due for a while."""

    def __init__(self, redis: Redis) -> None:
        self.scripts = scripts = Scripts(redis, "test", retention_s=1000)
        self.hints, self.discovery, self.watches = DiscoveryHints(scripts), Discovery(scripts), Watches(scripts)
        self.due = DueSet(scripts, "discovery", lease_s=10)

    async def watch(self, schedules: int = 1) -> None:
        """A channel watches this many schedules."""
        await self.watches.add_watch(Watch("C1", 0, "T", "*", since=datetime.now(UTC)))
        await self.list({f"s{number}": ("a", WatchedSchedule(f"s{number}", "S")) for number in range(schedules)})

    async def list(self, changed: dict[str, tuple[str, WatchedSchedule]] | None = None, *, looks: int = 0) -> bool:
        """List once, with this many schedules to look at, one per request; return whether a hint asked to list."""
        claimed = await self.due.claim(1)
        assert claimed.lease is not None
        hinted = await self.hints.take_hints()
        assert not looks or await self.hints.look_everywhere(1) == looks
        news = ActivityNews(changed or {})
        assert await self.discovery.note_activity(claimed.lease, news, datetime.now(UTC), delay_s=EVERY_S)
        return hinted

    async def next_in_s(self) -> float:
        """The seconds until the next listing is due."""
        score = await self.scripts.redis.zscore(self.scripts.key("due", "discovery"), "schedules")
        assert score is not None
        return float(score) / 1e6 - time.time()


@pytest.fixture
async def stage(redis_client: Redis) -> Stage:
    """An empty store."""
    return Stage(redis_client)


async def test_without_a_watch_a_hint_lists_nothing(stage: Stage) -> None:
    """Nobody would see what the listing shows."""
    assert not await stage.hints.ask_for_listing(UNKNOWN)
    assert not await stage.hints.take_hints()


async def test_an_unknown_run_is_looked_for_now_and_three_times_more(stage: Stage) -> None:
    """An unknown run is looked for again after 2, 5 and 15 s; then listings are made as usual."""
    await stage.watch()
    assert await stage.hints.ask_for_listing(UNKNOWN)
    assert await stage.list()
    waits = []
    for _ in range(3):
        waits.append(await stage.next_in_s())
        await stage.scripts.redis.zpopmin(stage.scripts.key("discovery", "hinted"))
        await stage.scripts.redis.zadd(stage.scripts.key("due", "discovery"), {"schedules": 1})
        assert not await stage.list()
    assert waits == pytest.approx([2, 5, 15], abs=1)
    assert await stage.next_in_s() == pytest.approx(EVERY_S, abs=1)


async def test_many_hints_are_one_listing_in_two_seconds(stage: Stage) -> None:
    """Fifty hints cause one listing, and later ones wait for the next."""
    await stage.watch()
    for run in range(50):
        await stage.hints.ask_for_listing([RunKey("w", run)])
    assert await stage.list()
    for run in range(50):
        assert not await stage.hints.ask_for_listing([RunKey("w", run)])
    assert 1 < await stage.next_in_s() <= 2
    assert await stage.scripts.redis.zcard(stage.scripts.key("discovery", "hinted")) < 25


async def test_a_listing_under_way_is_followed_by_another(stage: Stage) -> None:
    """The listing may have begun before Bolt listed the run. The listing isn't interrupted; another one follows."""
    await stage.watch()
    await stage.scripts.redis.zadd(stage.scripts.key("due", "discovery"), {"schedules": 1})
    claimed = await stage.due.claim(1)
    assert claimed.lease is not None
    assert not await stage.hints.ask_for_listing(UNKNOWN)
    assert await stage.discovery.note_activity(claimed.lease, ActivityNews({}), datetime.now(UTC), delay_s=EVERY_S)
    assert await stage.next_in_s() <= 0
    assert await stage.list()


async def test_a_run_on_record_needs_no_listing(stage: Stage) -> None:
    """A run on record is polled instead."""
    await stage.watch()
    await follow_run(stage.scripts, 7)
    assert not await stage.hints.ask_for_listing(UNKNOWN)
    assert await stage.hints.ask_for_listing([*UNKNOWN, RunKey("w", 8)])


async def test_hints_cost_thirty_requests_a_minute(stage: Stage) -> None:
    """Requests for looks are included; beyond that, schedules are listed as usual."""
    await stage.watch(29)
    await stage.hints.ask_for_listing(UNKNOWN)
    assert await stage.list(looks=29)
    assert await stage.hints.look_everywhere(100) == 0
    assert 55 < await stage.next_in_s() <= 60
