"""Watches: their cost while nothing happens, how soon failures are posted, and in how few messages."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from pathlib import Path

from bench.seed import make_channels, many
from bench.stage import Control, Json, Options, Process, Worlds, bot, redis_server, worlds
from bench.table import Row
from bot.core.model.watch import Watch
from bot.store.connect import connect
from bot.store.scripts import Scripts
from bot.store.watches import Watches

SCHEDULES, QUICK_SCHEDULES = 2000, 60
CHANNELS, QUICK_CHANNELS = 50, 6
QUIET_S, QUICK_QUIET_S = 300.0, 20.0
REQUESTS_A_MINUTE, CORE_SHARE = 6.0, 0.01
TOLD, QUICK_TOLD, TOLD_OVER_S, TOLD_GOAL_S = 100, 6, 120.0, 20.0
FLOOD, QUICK_FLOOD, FLOOD_OVER_S, COUNTED_S = 300, 20, 50.0, 90.0
MESSAGES_MOST, POSTS_MOST, MENTIONS_MOST = 8, 12, 10
SPREAD, QUICK_SPREAD = 200, 12
POSTS_A_S, SPREAD_TIMES = 4.0, 1.1
CAUSES = ("model_error", "other_error", "warehouse")
RETENTION_S = 86_400
# The first looks, of every schedule, before anything is measured.
SETTLED_S = 5.0


async def measure(options: Options) -> list[Row]:
    """What only waits is measured at the same time; what nothing costs is measured alone."""
    told, flood, spread = await asyncio.gather(_told(options), _flood(options), _spread(options))
    return [*await _nothing(options), *told, *flood, *spread]


# --- nothing happens ---


async def _nothing(options: Options) -> list[Row]:
    schedules, channels = options.size(SCHEDULES, QUICK_SCHEDULES), options.size(CHANNELS, QUICK_CHANNELS)
    seconds = QUICK_QUIET_S if options.quick else QUIET_S
    # Each channel watches about a tenth of the schedules.
    patterns = [(at, pattern) for at in range(channels) for pattern in (f"crowd-{at + 1}*", f"crowd-*{at % 10}")]
    async with worlds() as around, redis_server() as redis_url:
        await around.bolt.post("bolt/crowd", {"schedules": schedules, "runs": 25})
        async with bot(around.environment, REDIS_URL=redis_url) as (running, _):
            await _watch(around, redis_url, patterns, channels)
            await _looked(around)
            before, cpu = await around.bolt.asked(), _cpu_s(running)
            await asyncio.sleep(seconds)
            asked = (await around.bolt.asked()).total - before.total
            share = (_cpu_s(running) - cpu) / seconds
    a_minute = asked * 60 / seconds
    name = f"{schedules} watched schedules, {channels} channels, nothing happens for {seconds / 60:.0f} min"
    return [
        Row(
            f"{name}: requests to Bolt a minute",
            f"{a_minute:.1f}",
            "",
            f"≤ {REQUESTS_A_MINUTE:.0f}",
            a_minute <= REQUESTS_A_MINUTE,
        ),
        Row(f"{name}: of a core", f"{share:.1%}", "", f"≤ {CORE_SHARE:.0%}", share <= CORE_SHARE),
    ]


async def _looked(around: Worlds) -> None:
    """Wait until every watched schedule has been looked at once."""
    async with asyncio.timeout(120):
        before = -1
        while True:
            asked = (await around.bolt.asked()).total
            if asked == before:
                break
            before = asked
            await asyncio.sleep(SETTLED_S)


def _cpu_s(running: Process) -> float:
    """The processor time of a bot, without its Redis."""
    fields = Path(f"/proc/{running.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- from the end of a run to its message ---


async def _told(options: Options) -> list[Row]:
    """Failures at random moments, each the first one of its schedule, with Slack's budget free."""
    count, over_s = options.size(TOLD, QUICK_TOLD), TOLD_OVER_S if not options.quick else 10.0
    channels = options.size(CHANNELS, QUICK_CHANNELS)
    rng = random.Random(17)  # noqa: S311 - the moments are to be the same each time
    async with worlds() as around, redis_server() as redis_url:
        await around.bolt.post("bolt/crowd", {"schedules": count, "runs": 3})
        async with bot(around.environment, REDIS_URL=redis_url):
            await _watch(around, redis_url, [(at % channels, f"crowd-{at + 1}") for at in range(count)], channels)
            await _looked(around)
            moments = [rng.random() * over_s for _ in range(count)]

            async def fail(number: int) -> float:
                await asyncio.sleep(moments[number])
                await _fail(around.bolt, number + 1, "model_error")
                return time.time()

            ended = await many(range(count), fail, at_once=count)
            await asyncio.sleep(TOLD_GOAL_S + 5)
            told = await _openings(around.slack, channels)
    late = sorted(told.get(f"Crowd {number + 1}", inf) - at for number, at in enumerate(ended))
    median, worst = late[len(late) // 2], late[max(0, round(len(late) * 0.99) - 1)]
    return [
        Row(
            f"a watched schedule's end is listed → told, {count} openings: median, p99",
            f"{median:.1f} s, {worst:.1f} s",
            "",
            f"p99 ≤ {TOLD_GOAL_S:.0f} s",
            worst <= TOLD_GOAL_S,
        )
    ]


async def _openings(slack: Control, channels: int) -> Mapping[str, float]:
    """When each schedule's incident was posted, by name."""
    found: dict[str, float] = {}
    for number in range(channels):
        for message in (await slack.get(f"channels/watch-{number}"))["messages"]:
            name = str(message["text"]).partition("*")[2].partition("*")[0]
            found.setdefault(name, float(message["ts"]))
    return found


# --- many at once ---


@dataclass(frozen=True, slots=True)
class _Channel:
    """What a channel contains after many failures."""

    messages: int
    posts: int
    mentions: int
    counted: int


async def _flood(options: Options) -> list[Row]:
    """Many schedules of one channel fail within a minute, for three causes."""
    count, over_s = options.size(FLOOD, QUICK_FLOOD), FLOOD_OVER_S if not options.quick else 5.0
    async with worlds() as around, redis_server() as redis_url:
        await around.bolt.post("bolt/crowd", {"schedules": count, "runs": 3})
        async with bot(around.environment, REDIS_URL=redis_url):
            await _watch(around, redis_url, [(0, "crowd-*")], 1, mention="U0GRACE")
            await _looked(around)

            async def fail(number: int) -> None:
                await asyncio.sleep(number * over_s / count)
                await _fail(around.bolt, number + 1, CAUSES[number % len(CAUSES)])

            await many(range(count), fail, at_once=count)
            ended, seen, after_s = time.time(), _Channel(0, 0, 0, 0), inf
            while time.time() - ended < COUNTED_S:
                seen = await _seen(around.slack)
                if seen.counted == count:
                    after_s = time.time() - ended
                    break
                await asyncio.sleep(2)
            # Posts about causes come once their logs are read.
            await asyncio.sleep(0 if options.quick else 45)
            seen = await _seen(around.slack)
    quiet = seen.messages <= MESSAGES_MOST and seen.posts <= POSTS_MOST and seen.mentions <= MENTIONS_MOST
    return [
        Row(
            f"{count} schedules of one channel fail within a minute for 3 causes: messages, thread posts, mentions",
            f"{seen.messages}, {seen.posts}, {seen.mentions}",
            "",
            f"≤ {MESSAGES_MOST}, {POSTS_MOST}, {MENTIONS_MOST}",
            quiet,
        ),
        Row(
            f"the same: all {count} counted after the last failure",
            f"{after_s:.0f} s",
            "",
            f"≤ {COUNTED_S:.0f} s",
            after_s <= COUNTED_S,
        ),
    ]


async def _seen(slack: Control) -> _Channel:
    messages = (await slack.get("channels/watch-0"))["messages"]
    replies = [reply for one in messages for reply in one.get("replies", [])]
    texts = [str(one["text"]) for one in (*messages, *replies)]
    counted = 0
    for one in messages:
        bold = str(one["text"]).partition("*")[2].partition("*")[0]
        counted += int(bold.split()[0]) if bold.endswith(" schedules") else 1
    return _Channel(len(messages), len(replies), sum(text.count("<@U0GRACE>") for text in texts), counted)


async def _spread(options: Options) -> list[Row]:
    """Schedules that are each watched in one of many channels fail within a second: posts go out as fast as allowed."""
    count, channels = options.size(SPREAD, QUICK_SPREAD), options.size(CHANNELS, QUICK_CHANNELS)
    goal_s = count / POSTS_A_S * SPREAD_TIMES + TOLD_GOAL_S
    async with worlds() as around, redis_server() as redis_url:
        await around.bolt.post("bolt/crowd", {"schedules": count, "runs": 3})
        async with bot(around.environment, REDIS_URL=redis_url):
            await _watch(around, redis_url, [(at % channels, f"crowd-{at + 1}") for at in range(count)], channels)
            await _looked(around)
            await around.slack.post("rates", {"enabled": True, "strict": True})
            began = time.time()
            await many(range(count), lambda number: _fail(around.bolt, number + 1, "model_error"), at_once=50)
            told: Mapping[str, float] = {}
            for _ in range(round(goal_s)):
                told = await _openings(around.slack, channels)
                if len(told) == count:
                    break
                await asyncio.sleep(2)
            calls = (await around.slack.get("calls"))["calls"]
    first, last = (min(told.values()), max(told.values())) if told else (began, inf)
    took_s = last - first if len(told) == count else inf
    refused = sum(str(call["outcome"]).startswith("ratelimited") for call in calls)
    limit_s = count / POSTS_A_S
    return [
        Row(
            f"{count} schedules, each watched in one of {channels} channels, fail within a second: all openings posted",
            f"{took_s:.0f} s, {refused} × 429",
            f"{limit_s:.0f} s at 4 posts a second",
            f"≤ {SPREAD_TIMES} ×, 0 × 429",
            took_s <= limit_s * SPREAD_TIMES and refused == 0,
        )
    ]


# --- what all of them need ---


async def _fail(bolt: Control, number: int, how: str) -> Json:
    """A run of a schedule that nobody started here, and that has just failed."""
    return await bolt.post(
        "bolt/runs", {"slug": f"crowd-{number}", "scheduled": True, "ends": how, "takes_s": 1, "ago_s": 2}
    )


async def _watch(
    around: Worlds, redis_url: str, patterns: Sequence[tuple[int, str]], channels: int, *, mention: str = "none"
) -> None:
    """Make watches as the command does, without its commands: patterns by the number of their channel."""
    ids = await make_channels(around.slack, [f"watch-{number}" for number in range(channels)])
    team = (await around.slack.get("state"))["team"]
    redis = connect(redis_url)
    try:
        store = Watches(Scripts(redis, "bolt", retention_s=RETENTION_S))
        for number, pattern in patterns:
            made = await store.add_watch(Watch(ids[number], 0, team, pattern, since=datetime.now(UTC), mention=mention))
            if made.word != "ok":
                raise RuntimeError(f"a watch was refused: {made.word}")
    finally:
        await redis.aclose()
