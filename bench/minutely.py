"""Measure the cost of counting failures while a schedule that many channels watch fails every minute.

Two bots with the same ordinary runs are measured at the same time, each with its own Slack and Bolt; only one of them
also watches a schedule that fails, in fifty channels. Its edits of counts share Slack's limit with the edits of the
ordinary cards.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf, isinf

import aiohttp

from bench.seed import Followed, seed
from bench.stage import Json, Options, Worlds, bot, redis_server, worlds
from bench.table import Row, percentile
from bench.watching import end, until_looked, watch
from bot.paradime import graphql_documents

CHANNELS, QUICK_CHANNELS = 50, 3
RUNS, QUICK_RUNS = 20, 4
MINUTES, QUICK_MINUTES = 30, 3
EVERY_S, QUICK_EVERY_S = 60.0, 5.0
# A count is shown no sooner than five minutes after its message was posted. From then on, counts compete with cards.
COUNTS_AFTER_S = 300.0
# Each command causes an edit: 20 runs need 24 a minute.
COMMAND_S, QUICK_COMMAND_S, COMMANDS = 50, 4, 20
INTERVAL_S = 5
COUNTS_A_MINUTE, SLOWER = 12, 1.1


@dataclass(frozen=True, slots=True)
class Outcome:
    """How long each command took to be shown on its card, and when incidents' messages were edited."""

    took_s: list[float]
    edits_at: list[float]


async def measure(options: Options) -> list[Row]:
    """Measure with and without the failing schedule, at the same time."""
    failing, alone = await asyncio.gather(_outcome(options, fails=True), _outcome(options, fails=False))
    ratio = percentile(failing.took_s, 50) / percentile(alone.took_s, 50)
    most = _most_in_a_minute(failing.edits_at)
    minutes = QUICK_MINUTES if options.quick else MINUTES
    channels, runs = options.size(CHANNELS, QUICK_CHANNELS), options.size(RUNS, QUICK_RUNS)
    return [
        Row(
            f"one schedule fails every minute in {channels} channels for {minutes} min alongside {runs} ordinary runs: "
            "from a command's start to its card's edit, while counts are edited: median, p99",
            times(failing),
            f"without failures: {times(alone)}",
            f"median ≤ {SLOWER} ×",
            ratio <= SLOWER,
        ),
        Row(
            "  edits of counts, maximum in 60 s",
            f"{most}",
            f"{len(failing.edits_at)} in total",
            f"≤ {COUNTS_A_MINUTE}",
            most <= COUNTS_A_MINUTE,
        ),
    ]


def times(outcome: Outcome) -> str:
    """Return the median and the p99. A dash means that too many commands ended before their card was edited."""
    median, p99 = percentile(outcome.took_s, 50), percentile(outcome.took_s, 99)
    count = f"{len(outcome.took_s)} commands"
    if isinf(p99):
        first, share = ("–", "at least half") if isinf(median) else (f"{median:.1f} s", "more than 1%")
        return f"{first}, – ({share} of {count} ended before their card's edit)"
    return f"{median:.1f} s, {p99:.1f} s ({count})"


async def _outcome(options: Options, *, fails: bool) -> Outcome:
    channels, runs = options.size(CHANNELS, QUICK_CHANNELS), options.size(RUNS, QUICK_RUNS)
    command_s = options.size(COMMAND_S, QUICK_COMMAND_S)
    commands = (f"sleep {command_s}",) * COMMANDS
    every_s = QUICK_EVERY_S if options.quick else EVERY_S
    interval = {name: str(INTERVAL_S) for name in ("BOLT_BOT_POLL_MIN_S", "BOLT_BOT_POLL_MAX_S")}
    async with worlds() as around, redis_server() as redis_url:
        await around.bolt.post("bolt/crowd", {"schedules": 1, "runs": 3})
        async with bot(around.environment, REDIS_URL=redis_url, **interval):
            patterns = [(at, "crowd-1") for at in range(channels)] if fails else []
            await watch(around, redis_url, patterns, channels)
            await until_looked(around)
            cards = await seed(redis_url, around.environment, around.bolt, runs=runs, channels=runs, commands=commands)
            await around.slack.post("rates", {"enabled": True})
            began = time.time()
            for minute in range(QUICK_MINUTES if options.quick else MINUTES):
                await asyncio.sleep(max(0.0, began + minute * every_s - time.time()))
                if fails:
                    await end(around.bolt, "crowd-1", "model_error")
            await asyncio.sleep(every_s)
            until = time.time() - command_s
            calls = (await around.slack.get("calls?what=chat.update"))["calls"]
            begins = await _begins(around, cards)
    edits = [call for call in calls if call["outcome"] == "ok"]
    after = began + (every_s if options.quick else COUNTS_AFTER_S)
    return Outcome(
        _delays(edits, cards, [one for one in begins if after <= one[1] < until], command_s),
        [call["at"] for call in edits if "*Crowd 1*" in call["details"]["text"] and call["at"] > began + every_s],
    )


async def _begins(around: Worlds, cards: Sequence[Followed]) -> list[tuple[int, float]]:
    """Return when each command of these runs began, with its run."""
    environment = around.environment
    headers = {"X-API-KEY": environment["PARADIME_API_KEY"], "X-API-SECRET": environment["PARADIME_API_SECRET"]}
    body = {"query": graphql_documents.statuses([card.run_id for card in cards])}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.post(environment["PARADIME_API_ENDPOINT"], json=body) as answer,
    ):
        runs = (await answer.json())["data"]
    return [
        (card.run_id, _unix_s(command["startDttm"]))
        for card in cards
        for command in runs[f"r{card.run_id}"]["commands"]
    ]


def _unix_s(written: str) -> float:
    """Convert one of Bolt's times to Unix seconds. Some have no offset; those are UTC."""
    at = datetime.fromisoformat(written)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _delays(
    edits: Sequence[Json], cards: Sequence[Followed], begins: Sequence[tuple[int, float]], command_s: float
) -> list[float]:
    """Return the time from each command's start to its card's next edit; infinite if the next command came first."""
    runs = {(card.channel, card.ts): card.run_id for card in cards}
    shown: dict[int, list[float]] = {card.run_id: [] for card in cards}
    for edit in edits:
        run = runs.get((str(edit["details"].get("channel")), str(edit["details"].get("ts"))))
        if run is not None:
            shown[run].append(edit["at"])
    return [min((at - began for at in shown[run] if 0 <= at - began < command_s), default=inf) for run, began in begins]


def _most_in_a_minute(times: Sequence[float]) -> int:
    """Return the largest number of these times within any 60 seconds."""
    return max((sum(at <= other < at + 60 for other in times) for at in times), default=0)
