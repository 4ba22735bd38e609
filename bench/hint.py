"""Measure the time from a webhook to the card's edit, on a slow network.

A run has ended, and a hint names one of its commands, which an earlier poll has returned. Three calls follow one
another: the run's state, its schedule's listing, and the card's edit. Requests to Slack and Bolt go through proxies
that delay each one. The rival is a loop that makes these three calls and nothing else, through the same proxies.
"""

from __future__ import annotations

import asyncio
import functools
import statistics
import time
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bench.polls import POLLS
from bench.seed import SLUG, Followed, calm, seed
from bench.slow import slow
from bench.stage import Control, Environment, Options, bot, redis_server, say, worlds
from bench.table import Row, percentile
from bot.flows.run_listings import LISTED
from bot.paradime import graphql_documents

RUNS = 100
QUICK_RUNS = 5
ADDED_S = 0.05
SUMS = 30
MORE_S = 0.06
APART_S = 0.5
WITHIN_S = 20.0
CALM_S = 3.0
FINAL = "succeeded"
SECRET = "only-for-this-measurement"  # noqa: S105  # pragma: allowlist secret - made up
# Polls are so rare that only a hint causes one. Slack's limits are measured by other parts.
SETTINGS = {
    "BOLT_BOT_POLL_MIN_S": "600",
    "BOLT_BOT_POLL_MAX_S": "600",
    "BOLT_BOT_EDITS_A_MINUTE": "10000",
    "BOLT_BOT_POSTS_A_MINUTE": "10000",
    "PARADIME_WEBHOOK_SECRET": SECRET,
}


async def measure(options: Options) -> list[Row]:
    """Measure with Redis nearby, and with Redis on the slow network too."""
    runs = QUICK_RUNS if options.quick else RUNS
    (near, sums), (far, _) = await _times(runs, far_redis=False), await _times(runs, far_redis=True)
    sum_s, p99 = statistics.median(sums), percentile(near, 99)
    return [
        Row(
            f"from a webhook to the card, p99, {len(near)} ends, {ADDED_S * 1000:.0f} ms added to each call to Slack and Bolt",
            _ms(p99),
            f"{_ms(sum_s)} for the three calls alone (p99 {_ms(percentile(sums, 99))})",
            f"≤ {_ms(sum_s + MORE_S)}",
            p99 <= sum_s + MORE_S,
        ),
        Row("  median", _ms(statistics.median(near))),
        Row("  p99 with the same delay added to each Redis command", _ms(percentile(far, 99))),
    ]


async def _times(runs: int, *, far_redis: bool) -> tuple[list[float], list[float]]:
    """Return how long each card took, and how long the calls for it take by themselves, in seconds."""
    say(f"hint: Redis {'far away' if far_redis else 'at hand'}")
    async with AsyncExitStack() as stack:
        around = await stack.enter_async_context(worlds())
        redis_url = await stack.enter_async_context(redis_server())
        cards = await seed(redis_url, around.environment, around.bolt, runs=runs, channels=20)
        # Rate limits are off from the start, because an edit refused during the first polls would delay the ends that
        # are measured.
        await around.slack.post("rates", {"enabled": False})

        async def held_up(url: str) -> str:
            parts = urlsplit(url)
            there = functools.partial(asyncio.open_connection, parts.hostname, parts.port)
            port = await stack.enter_async_context(slow(there, ADDED_S))
            return parts._replace(netloc=f"127.0.0.1:{port}").geturl()

        environment = around.environment | {
            name: await held_up(around.environment[name]) for name in ("SLACK_API_URL", "PARADIME_API_ENDPOINT")
        }
        bots_redis = redis_url
        if far_redis:
            there = functools.partial(asyncio.open_unix_connection, redis_url.removeprefix("unix://"))
            bots_redis = f"redis://127.0.0.1:{await stack.enter_async_context(slow(there, ADDED_S))}/0"
        started, _ = await stack.enter_async_context(bot(environment, REDIS_URL=bots_redis, **SETTINGS))
        await _settled(around.bolt, runs)
        await calm(redis_url, around.slack)
        took = await _hints(around.slack, around.bolt, cards, f"http://127.0.0.1:{started.port}/paradime/webhooks")
        return took, await _sums(environment, cards[-1])


async def _settled(bolt: Control, runs: int) -> None:
    """Wait until each run has been seen once: from then on, only hints cause polls."""
    async with asyncio.timeout(WITHIN_S):
        while (await bolt.asked()).fields.get(POLLS, 0) < runs:  # noqa: ASYNC110 - asked of another process
            await asyncio.sleep(0.2)
    await asyncio.sleep(CALM_S)


async def _hints(slack: Control, bolt: Control, cards: list[Followed], url: str) -> list[float]:
    """End the runs one after the other, send a hint for each, and see when its card shows the end."""
    hinted: dict[tuple[str, str], float] = {}
    for card in cards:
        await bolt.post(f"bolt/runs/{card.run_id}/end", {"state": "SUCCESS"})
        hinted[card.channel, card.ts] = time.time()
        await bolt.post("bolt/webhooks", {"run_id": card.run_id, "url": url, "secret": SECRET})
        await asyncio.sleep(APART_S)
    until = time.monotonic() + WITHIN_S
    while len(shown := await _shown(slack, hinted)) < len(hinted):
        if time.monotonic() > until:
            raise RuntimeError(f"of {len(hinted)} cards {len(shown)} showed the end")
        await asyncio.sleep(0.5)
    return [at - hinted[card] for card, at in shown.items()]


async def _sums(environment: Environment, card: Followed) -> list[float]:
    """Time the three calls about a run, made one after the other, again and again."""
    headers = {"X-API-KEY": environment["PARADIME_API_KEY"], "X-API-SECRET": environment["PARADIME_API_SECRET"]}
    slack = AsyncWebClient(token=environment["SLACK_BOT_TOKEN"], base_url=environment["SLACK_API_URL"])
    listing = {"slug": SLUG, "offset": 0, "limit": LISTED}
    asked: tuple[tuple[str, dict[str, object]], ...] = (
        (graphql_documents.statuses([card.run_id]), {}),
        (graphql_documents.runs("slug"), listing),
    )
    sums = []
    async with aiohttp.ClientSession(headers=headers) as http:
        slack.session = http
        for _ in range(SUMS):
            began = time.perf_counter()
            for query, variables in asked:
                body = {"query": query, "variables": variables}
                async with http.post(environment["PARADIME_API_ENDPOINT"], json=body) as answer:
                    told = await answer.json()
                    if "errors" in told:
                        raise RuntimeError(str(told["errors"]))
            await slack.chat_update(channel=card.channel, ts=card.ts, text="It has ended")
            sums.append(time.perf_counter() - began)
    return sums


async def _shown(slack: Control, hinted: dict[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """Return when each card was first edited to show its run's end."""
    shown: dict[tuple[str, str], float] = {}
    for call in (await slack.get("calls?what=chat.update"))["calls"]:
        details = call["details"]
        card = (str(details.get("channel")), str(details.get("ts")))
        if card in hinted and call["outcome"] == "ok" and FINAL in details["text"]:
            shown.setdefault(card, call["at"])
    return shown


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
