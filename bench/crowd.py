"""Many people begin to use the bot within seconds: whether anybody is refused, and how soon their cards appear.

Two hundred people start a run each within twenty seconds, each in a separate channel, on an empty Redis and under
Slack's own limits: in a workspace of just these people, in a large one just after startup, and in a huge one five
minutes after startup. The rate at which Slack accepts the cards is the limit. The memory that the huge workspace costs
is the difference from the small one, the embedded Redis included.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from math import inf

from bench.seed import LONG, SLUG
from bench.stage import Control, Options, Process, bot, say, worlds
from bench.table import Row, seconds_text

POSTS_A_MINUTE = 240
TIMES = 1.1
REFUSED_MOST = 10
MEMORY_MB = 20.0
LAST_S = 90.0
A_SECOND = 10
SETTLE_S = 5.0


@dataclass(frozen=True, slots=True)
class Size:
    """A workspace, the number of people who type a command in it, and the seconds from the bot's start to that."""

    people: int
    channels: int
    asking: int
    after_s: float


SIZES = (Size(200, 200, 200, 0), Size(5_000, 3_000, 200, 0), Size(50_000, 20_000, 200, 300))
QUICK_SIZES = (Size(10, 10, 10, 0), Size(1_500, 1_200, 10, 2))


@dataclass(frozen=True, slots=True)
class Crowd:
    """The result. `last_s`: the time from the first command to the last card. `throttled`: 429 answers, by method."""

    size: Size
    asked_s: float
    last_s: float
    carded: int
    refused: int
    throttled: dict[str, int]
    memory_mb: float


async def measure(options: Options) -> list[Row]:
    """Measure all sizes at the same time, each with its own Slack, Bolt and bot, because they mostly wait for Slack."""
    small, *larger = await asyncio.gather(*map(_crowd, QUICK_SIZES if options.quick else SIZES))
    return [row for crowd in larger for row in _rows(crowd, small)]


def _rows(crowd: Crowd, small: Crowd) -> list[Row]:
    size = crowd.size
    least_s = size.asking / POSTS_A_MINUTE * 60
    when = f"{size.after_s:g} s after startup" if size.after_s else "just after startup"
    count, methods = sum(crowd.throttled.values()), ", ".join(crowd.throttled)
    rows = [
        Row(
            f"{size.asking} people start a run each within {crowd.asked_s:.0f} s in a workspace of {size.people:,} people and "
            f"{size.channels:,} channels, {when}: refused",
            f"{crowd.refused}",
            f"{crowd.carded} cards",
            "0",
            crowd.refused == 0 and crowd.carded == size.asking,
        ),
        Row(
            "  last card after",
            seconds_text(crowd.last_s),
            f"{least_s:.0f} s at Slack's limit",
            f"≤ {TIMES} ×",
            crowd.last_s <= TIMES * least_s,
        ),
        Row(
            "  429s from Slack",
            f"{count} ({methods})" if methods else "0",
            "",
            f"≤ {REFUSED_MOST}",
            count <= REFUSED_MOST,
        ),
    ]
    more_mb = crowd.memory_mb - small.memory_mb
    memory = f"{small.memory_mb:.0f} MB with {small.size.people:,} people"
    return [
        *rows,
        Row("  memory", f"{crowd.memory_mb:.0f} MB", memory, f"≤ {MEMORY_MB:g} MB more", more_mb <= MEMORY_MB),
    ]


async def _crowd(size: Size) -> Crowd:
    say(f"crowd: {size.people:,} people, {size.channels:,} channels")
    async with worlds() as around:
        await around.slack.post("crowd", {"people": size.people, "channels": size.channels})
        await around.bolt.post("bolt/schedules", {"name": "Seeded", "slug": SLUG, "commands": list(LONG)})
        async with bot(around.environment) as (running, _):
            await asyncio.sleep(size.after_s)
            return await _ask(around.slack, running, size)


async def _ask(slack: Control, running: Process, size: Size) -> Crowd:
    """Let each person type once, faster than Slack accepts the cards. Another part measures the acknowledgements."""
    began = time.time()

    async def one(number: int) -> None:
        await asyncio.sleep(max(0.0, began + number / A_SECOND - time.time()))
        await _type(slack, number)

    await asyncio.gather(*(one(number) for number in range(1, size.asking + 1)))
    asked_s = time.time() - began
    cards, refused = await _until_answered(slack, size, began)
    await asyncio.sleep(SETTLE_S if size.asking > 10 else 0)
    throttled: dict[str, int] = {}
    for call in (await slack.get("calls"))["calls"]:
        if str(call["outcome"]).startswith("ratelimited"):
            throttled[call["what"]] = throttled.get(call["what"], 0) + 1
    last_s = max(cards, default=inf) - began if len(cards) == size.asking else inf
    return Crowd(size, asked_s, last_s, len(cards), refused, throttled, running.rss_mb())


async def _type(slack: Control, number: int) -> None:
    body = {"user": f"person-{number}", "channel": f"crowd-{number}", "text": f"run {SLUG}"}
    told = await slack.post("slash", body)
    if not told["acknowledged"]:
        raise RuntimeError(f"a command was not acknowledged: {told['problem']}")


async def _until_answered(slack: Control, size: Size, began: float) -> tuple[list[float], int]:
    """Wait up to LAST_S for everybody's card. Returns when each was posted, and how many people were refused."""
    while True:
        posts = (await slack.get("calls?what=chat.postMessage"))["calls"]
        cards = [call["at"] for call in posts if call["outcome"] == "ok" and call["at"] >= began]
        if len(cards) >= size.asking or time.time() > began + LAST_S:
            return cards, await _refused(slack, size.asking)
        await asyncio.sleep(0.5)


async def _refused(slack: Control, asking: int) -> int:
    """Return how many people got a private message, which a start that succeeds doesn't send."""

    async def told(number: int) -> bool:
        return bool((await slack.get(f"users/person-{number}"))["private"])

    asked: list[Awaitable[bool]] = [told(number) for number in range(1, asking + 1)]
    return sum(await asyncio.gather(*asked))
