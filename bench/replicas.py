"""One, two and four processes on one Redis: unlimited polls, deliveries, and how soon a killed process is replaced."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.burst import POSTS_A_MINUTE, told_at
from bench.polls import POLLS, until_followed
from bench.seed import Followed, calm, many, seed
from bench.stage import Options, Process, Worlds, bot, processor_s, redis_server, say, worlds
from bench.table import Row
from bot.store.connect import connect

RUNS, CHANNELS = 1_000, 100
# Polls more often than any process can manage, so that the processes' capacity is measured.
EAGER = {"BOLT_BOT_POLL_MIN_S": "0.1", "BOLT_BOT_POLL_MAX_S": "0.1", "BOLT_BOT_POLL_REQUESTS_A_S": "1000"}
CALM = {"BOLT_BOT_POLL_MIN_S": "1", "BOLT_BOT_POLL_MAX_S": "1"}
WINDOW_S, QUICK_S = 20.0, 3.0
QUICK_RUNS, QUICK_CHANNELS = 50, 10
TIMES = 1.7
LEASE_S = 10.0
COUNTS = (1, 2, 4)
# Each run is in a channel of its own, so that only the workspace's limit applies.
ENDS, QUICK_ENDS = 120, 8
INTERVAL = {"BOLT_BOT_POLL_MIN_S": "5", "BOLT_BOT_POLL_MAX_S": "5"}
SAME = 0.1
BUSY = 0.85
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Rate:
    """Polls of runs per second, and how busy the machine's cores and the local Bolt's one core were, from 0 to 1."""

    polls: float
    busy: float
    bolt: float


@dataclass(frozen=True, slots=True)
class Delivered:
    """How simultaneous ends were announced: announcements per second, ends announced twice, and Slack's 429s."""

    a_second: float
    doubled: int
    refused: int


async def measure(options: Options) -> list[Row]:
    """Measure the rates, the deliveries, and then the takeover."""
    seconds = QUICK_S if options.quick else WINDOW_S
    sizes = options.size(RUNS, QUICK_RUNS), options.size(CHANNELS, QUICK_CHANNELS)
    rates = {}
    for count in COUNTS:
        say(f"replicas: {count}")
        rates[count] = await _rate(count, seconds, sizes)
    say("replicas: deliveries")
    ends = QUICK_ENDS if options.quick else ENDS
    # These run at the same time, each with its own Slack and Bolt, because they mostly wait for Slack.
    delivered = dict(zip(COUNTS, await asyncio.gather(*(_deliver(count, ends) for count in COUNTS)), strict=True))
    say("replicas: take-over")
    taken_s = await _take_over(sizes)
    one, two, four = (rates[count] for count in COUNTS)
    # If the machine or the local Bolt is at its limit, twice as many processes can't do more. The local Bolt is one
    # process, and can use only one core.
    bound = (
        f"; with two, the {os.cpu_count()} cores were {two.busy:.0%} busy, and the local Bolt's one core {two.bolt:.0%}"
    )
    fast = two.polls >= TIMES * one.polls
    return [
        Row(
            "polls of runs per second, two processes, without the bot's own limit",
            f"{two.polls:.0f}",
            f"{one.polls:.0f} with one process{bound}",
            f"≥ {TIMES} × if cores allow",
            fast or (None if max(two.busy, two.bolt) >= BUSY else False),
        ),
        Row("  four processes", f"{four.polls:.0f}"),
        *_deliveries(ends, delivered),
        Row(
            "  after kill -9, every run is polled again within",
            f"{taken_s:.1f} s",
            f"a lease of {LEASE_S:g} s",
            f"≤ {LEASE_S + 1:g} s",
            taken_s <= LEASE_S + 1,
        ),
    ]


def _deliveries(ends: int, delivered: dict[int, Delivered]) -> list[Row]:
    one, most = delivered[1], delivered[max(COUNTS)]
    same = all(abs(each.a_second - one.a_second) <= SAME * one.a_second for each in delivered.values())
    bad = sum(each.doubled + each.refused for each in delivered.values())
    return [
        Row(
            f"  announcements per second in total, {ends} ends at once, with two and four processes",
            f"{delivered[2].a_second:.1f} and {most.a_second:.1f}",
            f"{one.a_second:.1f} with one process",
            "the same",
            same,
        ),
        Row("  ends announced twice, and 429s from Slack, in all of these", f"{bad}", "", "0", bad == 0),
    ]


async def _deliver(count: int, ends: int) -> Delivered:
    """Let all runs succeed at once. Each end is announced in its own thread, by whichever process claims it."""
    async with contextlib.AsyncExitStack() as stack:
        around: Worlds = await stack.enter_async_context(worlds())
        redis_url = await stack.enter_async_context(redis_server())
        cards = await seed(redis_url, around.environment, around.bolt, runs=ends, channels=ends)
        await around.slack.post("rates", {"enabled": True, "strict": True})
        for _ in range(count):
            await stack.enter_async_context(bot(around.environment, REDIS_URL=redis_url, **INTERVAL))
        await until_followed(around.bolt, ends)
        await calm(redis_url, around.slack)
        await many(cards, lambda card: around.bolt.post(f"bolt/runs/{card.run_id}/end", {"state": "SUCCESS"}))
        told = await _until_told(around, cards)
        span_s = max(told.values()) - min(told.values())
        channels = [await around.slack.get(f"channels/{card.channel}") for card in cards]
        replies = [len(message.get("replies", [])) for channel in channels for message in channel["messages"]]
        calls = (await around.slack.get("calls"))["calls"]
        refused = sum(str(call["outcome"]).startswith("ratelimited") for call in calls)
        return Delivered((len(told) - 1) / max(span_s, 0.001), sum(max(0, one - 1) for one in replies), refused)


async def _until_told(around: Worlds, cards: Sequence[Followed]) -> dict[int, float]:
    """Return when each end was announced. Raises RuntimeError after three times as long as the budget requires."""
    deadline = time.monotonic() + 3 * len(cards) / POSTS_A_MINUTE * 60 + 30
    while len(told := await told_at(around, cards)) < len(cards):
        if time.monotonic() > deadline:
            raise RuntimeError(f"only {len(told)} of {len(cards)} ends were told")
        await asyncio.sleep(1)
    return told


async def _rate(count: int, seconds: float, sizes: tuple[int, int]) -> Rate:
    async with _running(count, EAGER, sizes) as (around, _, _url):
        before, (busy, total) = (await around.bolt.asked()).fields.get(POLLS, 0), _ticks()
        used_s, began = processor_s(around.bolt_pid), time.monotonic()
        await asyncio.sleep(seconds)
        bolt = (processor_s(around.bolt_pid) - used_s) / (time.monotonic() - began)
        polls = ((await around.bolt.asked()).fields.get(POLLS, 0) - before) / seconds
        busy_after, total_after = _ticks()
        return Rate(polls, (busy_after - busy) / max(1, total_after - total), bolt)


def _ticks() -> tuple[int, int]:
    """Return the machine's processor time so far: the busy part, and the total."""
    user, nice, system, idle, waiting, *rest = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9])
    busy = user + nice + system + sum(rest)
    return busy, busy + idle + waiting


async def _take_over(sizes: tuple[int, int]) -> float:
    """Return the seconds from the kill until each run has been seen by a poll that was claimed after it."""
    async with _running(2, CALM, sizes) as (_around, processes, redis_url):
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
async def _running(
    count: int, settings: dict[str, str], sizes: tuple[int, int]
) -> AsyncIterator[tuple[Worlds, list[Process], str]]:
    """Start `count` bots that follow the same runs, and the Redis that they share."""
    async with contextlib.AsyncExitStack() as stack:
        around: Worlds = await stack.enter_async_context(worlds())
        redis_url = await stack.enter_async_context(redis_server())
        await seed(redis_url, around.environment, around.bolt, runs=sizes[0], channels=sizes[1])
        started = [bot(around.environment, REDIS_URL=redis_url, **settings) for _ in range(count)]
        processes: list[Process] = [(await stack.enter_async_context(one))[0] for one in started]
        await until_followed(around.bolt, sizes[0])
        await calm(redis_url, around.slack)
        yield around, processes, redis_url
