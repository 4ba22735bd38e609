"""Polls: runs that were polled at the same time are spread over the interval, one batch per tick."""

from __future__ import annotations

from collections import Counter
from typing import Any

from redis.asyncio import Redis

from bot.core.model.polling import Observed
from bot.core.model.run import Observation, RunKey
from bot.flows.lease import Lease
from bot.store.due_sets import DueSet
from bot.store.runs import Runs
from bot.store.scripts import Scripts

BATCH, RUNS, INTERVAL_S = 100, 500, 5.0
STEP_US = 1_000_000


async def begin(redis: Redis) -> Scripts:
    """Many runs, all due now."""
    scripts = Scripts(redis, "test", retention_s=1000)
    async with redis.pipeline(transaction=False) as pipe:
        for number in range(RUNS):
            pipe.hset(scripts.key("run", f"w:{number}"), mapping={"rev": "1", "state": "RUNNING", "facts": "{}"})
            pipe.zadd(scripts.key("due", "polls"), {f"w:{number}": 1})
        await pipe.execute()
    return scripts


async def poll_all(scripts: Scripts) -> Counter[float]:
    """Poll each run once, batch by batch; return how many are due at each time."""
    due, runs = DueSet(scripts, "polls", lease_s=10), Runs(scripts)
    for _ in range(RUNS // BATCH):
        claimed = await due.claim(BATCH)
        assert claimed.lease is not None
        lease: Lease = claimed.lease
        seen = [Observed(RunKey.parse(name), Observation("RUNNING"), INTERVAL_S) for name in lease.members]
        await runs.store_observations(lease, claimed.at_us, seen)
    return await due_when(scripts)


async def due_when(scripts: Scripts) -> Counter[float]:
    """How many runs are due at each time, in microseconds."""
    found: list[Any] = list(await scripts.redis.zrange(scripts.key("due", "polls"), 0, -1, withscores=True))
    return Counter(float(score) for _, score in found)


def ticks_from(now_us: float) -> int:
    """The number of ticks at which a run polled now may be due: from half a tick from now to the interval's end."""
    first = now_us // STEP_US + (1 if now_us % STEP_US < STEP_US / 2 else 2)
    return int((now_us + INTERVAL_S * STEP_US) // STEP_US - first) + 1


async def clock_us(redis: Redis) -> int:
    """The time by Redis' clock."""
    seconds, micros = await redis.time()
    return int(seconds) * STEP_US + int(micros)


async def test_batches_that_were_polled_at_once_are_spread(redis_client: Redis) -> None:
    """Each of the interval's ticks gets a batch, and no batch is later; runs that don't fit go to the last tick."""
    scripts = await begin(redis_client)
    began_us = await clock_us(redis_client)
    after = await poll_all(scripts)
    # Meanwhile, the clock may move on to the next tick, or half of one.
    rooms = {min(RUNS // BATCH, ticks_from(at)) for at in (began_us, await clock_us(redis_client))}
    assert sum(after.values()) == RUNS
    assert all(score % STEP_US == 0 for score in after)
    assert min(after) >= began_us + STEP_US / 2
    assert max(after) <= began_us + (INTERVAL_S + 1) * STEP_US
    assert min(rooms) <= len(after) <= RUNS // BATCH
    assert sum(count > BATCH for count in after.values()) <= RUNS // BATCH - min(rooms)


async def test_few_runs_stay_together(redis_client: Redis) -> None:
    """One request serves them all."""
    scripts = Scripts(redis_client, "test", retention_s=1000)
    async with redis_client.pipeline(transaction=False) as pipe:
        for number in range(20):
            pipe.hset(scripts.key("run", f"w:{number}"), mapping={"rev": "1", "state": "RUNNING", "facts": "{}"})
            pipe.zadd(scripts.key("due", "polls"), {f"w:{number}": 1})
        await pipe.execute()
    due, runs = DueSet(scripts, "polls", lease_s=10), Runs(scripts)
    claimed = await due.claim(BATCH)
    assert claimed.lease is not None
    seen = [Observed(RunKey.parse(name), Observation("RUNNING"), INTERVAL_S) for name in claimed.lease.members]
    await runs.store_observations(claimed.lease, claimed.at_us, seen)
    assert len(await due_when(scripts)) == 1
