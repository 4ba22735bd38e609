"""How soon a command is acknowledged, which includes recording it durably, compared with a bare app."""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bench.polls import until_followed
from bench.seed import make_channels, seed
from bench.stage import Control, Options, Worlds, bot, control, helper, machine_s, redis_server, sandbox, say, worlds
from bench.table import Row, percentile
from bot.store.connect import connect

RUNS = 500
ROUNDS = 5
COMMANDS = 200
QUICK_RUNS, QUICK_COMMANDS = 30, 50
A_SECOND = 50
CHANNELS = 100
WARM = 10
MORE_MS = 5.0
# The person in this bench types faster than the bot's limits allow.
LIMITS = {"BOLT_BOT_USER_LIMIT": "10000", "BOLT_BOT_CHANNEL_LIMIT": "10000"}
NAMES = [f"ack-{number}" for number in range(CHANNELS)]

Times = list[float]


@dataclass(frozen=True, slots=True)
class Burst:
    """How long each acknowledgement took, in ms, and how many cores all processes together used meanwhile."""

    times: Times
    cores: float


async def measure(options: Options) -> list[Row]:
    """Measure our bot and the bare app in turn, while the bot keeps following its runs."""
    ours, bare = [], []
    runs, commands = options.size(RUNS, QUICK_RUNS), options.size(COMMANDS, QUICK_COMMANDS)
    async with worlds() as around, _rival() as rival:
        await make_channels(around.slack, NAMES)
        for number in range(options.size(ROUNDS, 1)):
            say(f"ack: round {number + 1}")
            mine, its = await _round(number, around, rival, runs, commands)
            ours.append(mine)
            bare.append(its)
    return rows(ours, bare, runs)


def rows(ours: list[Burst], bare: list[Burst], runs: int) -> list[Row]:
    """Return the lines of the table.

    The last line shows whether the bot itself or a busy machine causes the slowest acknowledgements: by themselves,
    the bot's bursts use about 0.6 of a core.
    """
    ours_p99, bare_p99 = ([percentile(one.times, 99) for one in bursts] for bursts in (ours, bare))
    more = statistics.median(mine - its for mine, its in zip(ours_p99, bare_p99, strict=True))
    name = f"acknowledgement, {A_SECOND}/s over {CHANNELS} channels, {runs} runs followed"
    return [
        Row(
            f"{name}, recorded in the append-only file (everysec): p99",
            f"{statistics.median(ours_p99):.1f} ms",
            f"{statistics.median(bare_p99):.1f} ms for an app that only acknowledges",
        ),
        Row(
            f"  p99 minus the bare app's, median of {len(ours)} rounds",
            f"{more:+.1f} ms",
            "",
            f"≤ {MORE_MS:g} ms",
            more <= MORE_MS,
        ),
        Row("  median", _ms(ours), _ms(bare)),
        Row(f"  cores in use meanwhile by all processes, of {os.cpu_count()}", _cores(ours), _cores(bare)),
    ]


def _ms(bursts: list[Burst]) -> str:
    return f"{statistics.median(one for burst in bursts for one in burst.times):.1f} ms"


def _cores(bursts: list[Burst]) -> str:
    return f"{statistics.median(burst.cores for burst in bursts):.1f}"


@asynccontextmanager
async def _rival() -> AsyncIterator[Control]:
    """Run the bare app, with a Slack of its own."""
    async with sandbox() as (base, environment, _), control(base) as slack:
        await make_channels(slack, NAMES)
        async with helper(sys.executable, "-m", "bench.bare_app", environment=environment):
            yield slack


async def _round(number: int, around: Worlds, rival: Control, runs: int, commands: int) -> tuple[Burst, Burst]:
    """Measure one burst of each, with a new Redis and a new bot, so that nothing carries over from earlier bursts."""
    async with redis_server() as redis_url:
        await seed(redis_url, around.environment, around.bolt, runs=runs, channels=CHANNELS)
        polled = (await around.bolt.asked()).fields.get("boltRunStatus", 0)
        async with bot(around.environment, REDIS_URL=redis_url, **LIMITS):
            await until_followed(around.bolt, runs, polled)
            before = await _recorded(redis_url)
            if number % 2:
                its, mine = await _burst(rival, number, commands), await _burst(around.slack, number, commands)
            else:
                mine, its = await _burst(around.slack, number, commands), await _burst(rival, number, commands)
            recorded = await _recorded(redis_url) - before
    if recorded != commands + WARM:
        raise RuntimeError(f"of {commands + WARM} commands {recorded} were recorded")
    # The only private messages are refusals.
    private = (await around.slack.get("users/ada"))["private"]
    if private:
        raise RuntimeError(f"a command was refused: {private[-1]['text']}")
    return mine, its


async def _burst(slack: Control, number: int, commands: int) -> Burst:
    """Type commands at a steady pace."""
    for at in range(WARM):
        await _type(slack, at, f"warm {number}")
    began, used = time.perf_counter(), machine_s()

    async def one(at: int) -> float:
        await asyncio.sleep(began + at / A_SECOND - time.perf_counter())
        return await _type(slack, at, f"round {number}")

    times = list(await asyncio.gather(*(one(at) for at in range(commands))))
    return Burst(times, (machine_s() - used) / (time.perf_counter() - began))


async def _type(slack: Control, at: int, words: str) -> float:
    body = {"user": "ada", "channel": NAMES[at % CHANNELS], "text": f'run seeded --reason "{words}, {at}"'}
    began = time.perf_counter()
    told = await slack.post("slash", body)
    took_ms = (time.perf_counter() - began) * 1000
    if not told["acknowledged"]:
        raise RuntimeError(f"a command was not acknowledged: {told['problem']}")
    return took_ms


async def _recorded(redis_url: str) -> int:
    """Return how many requests are recorded in Redis."""
    redis = connect(redis_url)
    try:
        return sum([1 async for _key in redis.scan_iter("{bolt:bolt}:req:*", count=1000)])
    finally:
        await redis.aclose()
