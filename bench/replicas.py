"""One, two and four processes on one Redis: polls a second with the bound lifted, and how soon a killed one is replaced."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator

from bench.polls import POLLS, until_followed
from bench.seed import calm, seed
from bench.stage import Options, Process, Worlds, bot, redis_server, say, worlds
from bench.table import Row
from bot.store.connect import connect

RUNS, CHANNELS = 1_000, 100
# So often that no process can keep up: what is measured is how much they do.
EAGER = {"BOLT_BOT_POLL_MIN_S": "0.1", "BOLT_BOT_POLL_MAX_S": "0.1", "BOLT_BOT_POLL_REQUESTS_A_S": "1000"}
CALM = {"BOLT_BOT_POLL_MIN_S": "1", "BOLT_BOT_POLL_MAX_S": "1"}
WINDOW_S, QUICK_S = 20.0, 8.0
TIMES = 1.7
LEASE_S = 10.0
MICROSECONDS = 1_000_000


async def measure(options: Options) -> list[Row]:
    """The rates, then the take-over."""
    seconds = QUICK_S if options.quick else WINDOW_S
    rates = {}
    for count in (1, 2, 4):
        say(f"replicas: {count}")
        rates[count] = await _rate(count, seconds)
    say("replicas: take-over")
    taken_s = await _take_over()
    return [
        Row(
            "polls of runs a second, two processes, the bound lifted",
            f"{rates[2]:.0f}",
            f"{rates[1]:.0f} with one",
            f"≥ {TIMES} × where cores allow",
            rates[2] >= TIMES * rates[1],
        ),
        Row("  four processes", f"{rates[4]:.0f}", f"{os.cpu_count()} cores for them, Redis and the local Bolt"),
        Row(
            "  after kill -9 every run is polled again within",
            f"{taken_s:.1f} s",
            f"a lease of {LEASE_S:g} s",
            f"≤ {LEASE_S + 1:g} s",
            taken_s <= LEASE_S + 1,
        ),
    ]


async def _rate(count: int, seconds: float) -> float:
    async with _running(count, EAGER) as (around, _, _url):
        before = (await around.bolt.asked()).fields.get(POLLS, 0)
        await asyncio.sleep(seconds)
        return ((await around.bolt.asked()).fields.get(POLLS, 0) - before) / seconds


async def _take_over() -> float:
    """Seconds from the kill until each run has been seen by a poll that was claimed after it."""
    async with _running(2, CALM) as (_around, processes, redis_url):
        redis = connect(redis_url)
        try:
            keys = [str(key) async for key in redis.scan_iter("{bolt:bolt}:run:*", count=1000)]
            keys = [key for key in keys if not key.endswith(":cards")]
            clock, micros = await redis.time()
            killed_us, began = int(clock) * MICROSECONDS + int(micros), time.monotonic()
            processes[0].process.kill()
            while True:
                async with redis.pipeline(transaction=False) as pipe:
                    for key in keys:
                        pipe.hget(key, "seen_us")
                    seen = await pipe.execute()
                if all(int(one or 0) > killed_us for one in seen) or time.monotonic() - began > 3 * LEASE_S:
                    return time.monotonic() - began
                await asyncio.sleep(0.05)
        finally:
            await redis.aclose()


@contextlib.asynccontextmanager
async def _running(count: int, settings: dict[str, str]) -> AsyncIterator[tuple[Worlds, list[Process], str]]:
    """So many bots that follow the same runs, and the Redis that they share."""
    async with contextlib.AsyncExitStack() as stack:
        around: Worlds = await stack.enter_async_context(worlds())
        redis_url = await stack.enter_async_context(redis_server())
        await seed(redis_url, around.environment, around.bolt, runs=RUNS, channels=CHANNELS)
        started = [bot(around.environment, REDIS_URL=redis_url, **settings) for _ in range(count)]
        processes: list[Process] = [(await stack.enter_async_context(one))[0] for one in started]
        await until_followed(around.bolt, RUNS)
        await calm(redis_url, around.slack)
        yield around, processes, redis_url
