"""From a webhook to an incident's message: a watched run that nobody started from Slack has failed.

A hint names a command of the run. If discovery found the run while it was active, the run is polled at once; if it
was too short to be found, schedules are listed at once. Bolt's answers take 100 ms longer, and Slack's limits aren't
reached.
"""

from __future__ import annotations

import asyncio
import functools
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from math import inf
from urllib.parse import urlsplit

from bench.slow import slow
from bench.stage import Control, Options, Worlds, bot, redis_server, worlds
from bench.table import Row, percentile, seconds_text
from bench.watching import end, until_looked, watch

EACH, QUICK_EACH = 30, 1
ANSWER_S = 0.1
# Hints may cause 30 requests a minute, and one about an unknown run causes up to four listings of schedules, the last
# one 15 s later. So that enough requests are left for each hint, it comes a few seconds after the previous hint's
# listings.
APART_S = 19.0
# How much time discovery gets to find an active run.
FOUND_S, QUICK_FOUND_S = 20.0, 1.0
GOAL_S = 2.0
WITHIN_S = 15.0
LOOK_S = 0.2
CHANNELS = 10
# After this much more time, the run has certainly ended.
ENDED_S = 0.05
SECRET = "only-for-this-measurement"  # noqa: S105  # pragma: allowlist secret - made up

Hint = Callable[[int], Awaitable[float]]


async def measure(options: Options) -> list[Row]:
    """Measure known and unknown runs in turn."""
    each, apart_s = (QUICK_EACH, QUICK_FOUND_S) if options.quick else (EACH, max(APART_S, FOUND_S))
    async with AsyncExitStack() as stack:
        around = await stack.enter_async_context(worlds())
        redis_url = await stack.enter_async_context(redis_server())
        address = urlsplit(around.environment["PARADIME_API_ENDPOINT"])
        there = functools.partial(asyncio.open_connection, address.hostname, address.port)
        port = await stack.enter_async_context(slow(there, ANSWER_S))
        endpoint = address._replace(netloc=f"127.0.0.1:{port}").geturl()
        environment = around.environment | {"PARADIME_API_ENDPOINT": endpoint}
        await around.bolt.post("bolt/crowd", {"schedules": 2 * each, "runs": 3})
        settings = {"REDIS_URL": redis_url, "PARADIME_WEBHOOK_SECRET": SECRET}
        running, _ = await stack.enter_async_context(bot(environment, **settings))
        patterns = [(at % CHANNELS, f"crowd-{at + 1}") for at in range(2 * each)]
        await watch(around, redis_url, patterns, CHANNELS)
        await until_looked(around)

        async def hint(run_id: int) -> float:
            url = f"http://127.0.0.1:{running.port}/paradime/webhooks"
            at = time.time()
            await around.bolt.post("bolt/webhooks", {"run_id": run_id, "url": url, "secret": SECRET})
            return at

        known, unknown = await _hints(around, each, hint, apart_s)
    return [_row("the run found while active", known), _row("the run too short to be found while active", unknown)]


def _row(what: str, took_s: list[float]) -> Row:
    worst = percentile(took_s, 99)
    return Row(
        f"from a webhook about a watched run's end to its message, {what}, {len(took_s)} openings: median, p99",
        f"{seconds_text(statistics.median(took_s), 2)}, {seconds_text(worst, 2)}",
        "",
        f"p99 ≤ {GOAL_S:.0f} s",
        worst <= GOAL_S,
    )


async def _hints(around: Worlds, each: int, hint: Hint, apart_s: float) -> tuple[list[float], list[float]]:
    """Return how long each incident's opening took. Only odd-numbered schedules' runs are known."""
    known, unknown = [], []
    for number in range(1, 2 * each, 2):
        slug = f"crowd-{number}"
        body = {"slug": slug, "scheduled": True, "ends": "model_error", "takes_s": apart_s}
        started = await around.bolt.post("bolt/runs", body)
        # In the meantime, everything that the previous hint asked for is done.
        await asyncio.sleep(apart_s + ENDED_S)
        known.append(await _told(around.slack, number, await hint(started["id"])))
        run = await end(around.bolt, f"crowd-{number + 1}", "model_error")
        unknown.append(await _told(around.slack, number + 1, await hint(run["id"])))
    return known, unknown


async def _told(slack: Control, number: int, hinted: float) -> float:
    """Return how long after the hint the schedule's incident was posted; infinite if it wasn't."""
    until = time.monotonic() + WITHIN_S
    channel, name = f"watch-{(number - 1) % CHANNELS}", f"*Crowd {number}*"
    while time.monotonic() < until:
        for message in (await slack.get(f"channels/{channel}"))["messages"]:
            if name in message["text"]:
                return float(message["ts"]) - hinted
        await asyncio.sleep(LOOK_S)
    return inf
