"""Watches: their cost while nothing happens, and how soon failures are posted."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Mapping
from math import inf

from bench.seed import many
from bench.stage import Control, Options, bot, helper, processor_s, redis_server, sandbox, worlds
from bench.table import Row, seconds_text
from bench.watching import end, until_looked, watch

SCHEDULES, QUICK_SCHEDULES = 2000, 60
CHANNELS, QUICK_CHANNELS = 50, 6
QUIET_S, QUICK_QUIET_S = 900.0, 10.0
REQUESTS_A_MINUTE, CORE_SHARE = 6.0, 0.01
TOLD, QUICK_TOLD, TOLD_OVER_S, TOLD_GOAL_S = 100, 6, 120.0, 20.0
SPREAD, QUICK_SPREAD = 200, 12
POSTS_A_S, SPREAD_TIMES = 4.0, 1.1
LOOK_S = 2.0


async def measure(options: Options) -> list[Row]:
    """Measure everything at the same time, because the parts mostly wait and processor time is counted per process."""
    nothing, told, spread = await asyncio.gather(_nothing(options), _told(options), _spread(options))
    return [*nothing, *told, *spread]


# --- nothing happens ---


async def _nothing(options: Options) -> list[Row]:
    """Measure the cost while nothing happens, alongside a bare app that only keeps its socket open."""
    schedules, channels = options.size(SCHEDULES, QUICK_SCHEDULES), options.size(CHANNELS, QUICK_CHANNELS)
    seconds = QUICK_QUIET_S if options.quick else QUIET_S
    # Each channel watches about a tenth of the schedules.
    patterns = [(at, pattern) for at in range(channels) for pattern in (f"crowd-{at + 1}*", f"crowd-*{at % 10}")]
    async with worlds() as around, redis_server() as redis_url, sandbox() as (_, its_environment, _):
        await around.bolt.post("bolt/crowd", {"schedules": schedules, "runs": 25})
        bare_app = helper(sys.executable, "-m", "bench.bare_app", environment=its_environment)
        async with bot(around.environment, REDIS_URL=redis_url) as (running, _), bare_app as its:
            await watch(around, redis_url, patterns, channels)
            await until_looked(around)
            before, pids = await around.bolt.asked(), (running.process.pid, its.pid)
            cpu = [processor_s(pid) for pid in pids]
            await asyncio.sleep(seconds)
            asked = (await around.bolt.asked()).total - before.total
            share, bare_share = ((processor_s(pid) - used) / seconds for pid, used in zip(pids, cpu, strict=True))
    a_minute = asked * 60 / seconds
    name = f"{schedules} watched schedules, {channels} channels, nothing happens for {seconds / 60:.0f} min"
    return [
        Row(
            f"{name}: requests to Bolt per minute",
            f"{a_minute:.1f}",
            "",
            f"≤ {REQUESTS_A_MINUTE:.0f}",
            a_minute <= REQUESTS_A_MINUTE,
        ),
        Row(
            f"{name}: share of a core",
            f"{share:.2%}",
            f"{bare_share:.2%} for a bare slack_bolt app",
            f"≤ {CORE_SHARE:.0%}",
            share <= CORE_SHARE,
        ),
    ]


# --- from the end of a run to its message ---


async def _told(options: Options) -> list[Row]:
    """Measure how soon first failures of schedules are reported, at random times and with Slack's budget unused."""
    count, over_s = options.size(TOLD, QUICK_TOLD), TOLD_OVER_S if not options.quick else 10.0
    channels = options.size(CHANNELS, QUICK_CHANNELS)
    rng = random.Random(17)  # noqa: S311 - the same times in each measurement
    async with worlds() as around, redis_server() as redis_url:
        await around.bolt.post("bolt/crowd", {"schedules": count, "runs": 3})
        async with bot(around.environment, REDIS_URL=redis_url):
            await watch(around, redis_url, [(at % channels, f"crowd-{at + 1}") for at in range(count)], channels)
            await until_looked(around)
            moments = [rng.random() * over_s for _ in range(count)]

            async def fail(number: int) -> float:
                await asyncio.sleep(moments[number])
                await end(around.bolt, f"crowd-{number + 1}", "model_error")
                return time.time()

            ended = await many(range(count), fail, at_once=count)
            told = await _until_opened(around.slack, channels, count, TOLD_GOAL_S + 5)
    late = sorted(told.get(f"Crowd {number + 1}", inf) - at for number, at in enumerate(ended))
    median, worst = late[len(late) // 2], late[max(0, round(len(late) * 0.99) - 1)]
    return [
        Row(
            f"from the listing of a failed run to its message, {count} openings: median, p99",
            f"{seconds_text(median, 1)}, {seconds_text(worst, 1)}",
            "",
            f"p99 ≤ {TOLD_GOAL_S:.0f} s",
            worst <= TOLD_GOAL_S,
        )
    ]


async def _until_opened(slack: Control, channels: int, count: int, within_s: float) -> Mapping[str, float]:
    """Wait for `count` incidents, or until the time is over. Returns when each one was posted, by schedule."""
    until = time.monotonic() + within_s
    while len(found := await _openings(slack, channels)) < count and time.monotonic() < until:  # noqa: ASYNC110 - polls another process
        await asyncio.sleep(LOOK_S)
    return found


async def _openings(slack: Control, channels: int) -> Mapping[str, float]:
    """Return when each schedule's incident was posted, for those posted so far."""
    found: dict[str, float] = {}
    for number in range(channels):
        for message in (await slack.get(f"channels/watch-{number}"))["messages"]:
            name = str(message["text"]).partition("*")[2].partition("*")[0]
            found.setdefault(name, float(message["ts"]))
    return found


# --- many at once ---


async def _spread(options: Options) -> list[Row]:
    """Let schedules, each watched in one of many channels, fail within a second: posts go out as fast as allowed."""
    count, channels = options.size(SPREAD, QUICK_SPREAD), options.size(CHANNELS, QUICK_CHANNELS)
    goal_s = count / POSTS_A_S * SPREAD_TIMES + TOLD_GOAL_S
    async with worlds() as around, redis_server() as redis_url:
        await around.bolt.post("bolt/crowd", {"schedules": count, "runs": 3})
        async with bot(around.environment, REDIS_URL=redis_url):
            await watch(around, redis_url, [(at % channels, f"crowd-{at + 1}") for at in range(count)], channels)
            await until_looked(around)
            await around.slack.post("rates", {"enabled": True, "strict": True})
            began = time.time()
            await many(range(count), lambda number: end(around.bolt, f"crowd-{number + 1}", "model_error"), at_once=50)
            told = await _until_opened(around.slack, channels, count, goal_s * 2)
            calls = (await around.slack.get("calls"))["calls"]
    first, last = (min(told.values()), max(told.values())) if told else (began, inf)
    took_s = last - first if len(told) == count else inf
    refused = sum(str(call["outcome"]).startswith("ratelimited") for call in calls)
    limit_s = count / POSTS_A_S
    return [
        Row(
            f"{count} schedules, each watched in one of {channels} channels, fail within a second: all messages posted after",
            f"{seconds_text(took_s)}, {refused} × 429",
            f"{limit_s:.0f} s at 4 posts per second",
            f"≤ {SPREAD_TIMES} ×, 0 × 429",
            took_s <= limit_s * SPREAD_TIMES and refused == 0,
        )
    ]
