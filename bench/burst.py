"""Four hundred runs end within a second, spread over many channels, a few, or one: how soon the ends are reported.

An end is announced by a post and shown on its card. Slack's limits are applied in their strictest reading: 50 edits
in any minute, and one post in any second per channel. All of these cases are measured at the same time, each with a
Slack, a Bolt and a bot of its own, because they mostly wait for Slack.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from bench.polls import until_followed
from bench.seed import Followed, calm, many, seed
from bench.stage import Options, Worlds, bot, redis_server, worlds
from bench.table import Row, seconds_text

ENDS, QUICK_ENDS = 400, 12
SPREADS = (400, 20, 1)
FAILED_EACH = 3
INTERVAL_S = 5
POSTS_A_MINUTE, EDITS_A_MINUTE, CHANNEL_GAP_S = 240, 50, 1.1
TOLD_TIMES, SHOWN_TIMES = 1.1, 1.05
START_AFTER_S, QUICK_AFTER_S, START_S = 20.0, 1.0, 3.0
STARTS_IN = "data-eng"
NAMED = re.compile(r"run (\d+)\)")
FINAL = ("succeeded", "failed")


@dataclass(frozen=True, slots=True)
class Burst:
    """When each end was announced and shown, in seconds after the last end.

    `card_s` is the time from a start's command to its card, in the middle of the edits.
    """

    told_s: dict[int, float]
    shown_s: dict[int, float]
    failed: frozenset[int]
    card_s: float
    refused: int
    ending_s: float


async def measure(options: Options) -> list[Row]:
    """Measure a burst for each number of channels. All bursts are measured at the same time."""
    ends = QUICK_ENDS if options.quick else ENDS
    # With --quick, some of these numbers are equal.
    spreads = list(dict.fromkeys(min(ends, one) for one in SPREADS))
    bursts = await asyncio.gather(*(_burst(ends, channels) for channels in spreads))
    return [row for channels, burst in zip(spreads, bursts, strict=True) for row in _rows(ends, channels, burst)]


async def _burst(ends: int, channels: int) -> Burst:
    interval = {name: str(INTERVAL_S) for name in ("BOLT_BOT_POLL_MIN_S", "BOLT_BOT_POLL_MAX_S")}
    async with worlds() as around, redis_server() as redis_url:
        cards = await seed(redis_url, around.environment, around.bolt, runs=ends, channels=channels)
        await around.slack.post("rates", {"enabled": True, "strict": True})
        async with bot(around.environment, REDIS_URL=redis_url, **interval):
            await until_followed(around.bolt, ends)
            await calm(redis_url, around.slack)
            return await _watch(around, cards, max(_limits(ends, channels)) * SHOWN_TIMES + 15)


async def _watch(around: Worlds, cards: Sequence[Followed], within_s: float) -> Burst:
    failed = frozenset(card.run_id for card in cards[::FAILED_EACH])
    began = time.time()

    async def end(card: Followed) -> object:
        state = "FAILED" if card.run_id in failed else "SUCCESS"
        return await around.bolt.post(f"bolt/runs/{card.run_id}/end", {"state": state})

    await many(cards, end)
    ended = time.time()
    card_s = await _start(around, ended + (START_AFTER_S if len(cards) > QUICK_ENDS else QUICK_AFTER_S))
    while time.time() < ended + within_s:
        shown = await _shown(around, cards)
        # Checked last, because it reads every channel. In a single channel, posts of ends take longer than card edits.
        told = await told_at(around, cards) if len(shown) == len(cards) else {}
        if len(told) == len(cards):
            break
        await asyncio.sleep(2)
    else:
        told = await told_at(around, cards)
    calls = (await around.slack.get("calls"))["calls"]
    refused = sum(str(call["outcome"]).startswith("ratelimited") for call in calls)
    return Burst(
        {run: told.get(run, inf) - ended for run in (card.run_id for card in cards)},
        {run: shown.get(run, inf) - ended for run in (card.run_id for card in cards)},
        failed,
        card_s,
        refused,
        ended - began,
    )


async def _start(around: Worlds, at: float) -> float:
    """Start a run in the middle of the burst. Returns the seconds from the command to its card."""
    await asyncio.sleep(max(0.0, at - time.time()))
    asked = time.time()
    await around.slack.post("slash", {"user": "ada", "channel": STARTS_IN, "text": "run backfill"})
    while time.time() < asked + 60:
        found = (await around.slack.get(f"channels/{STARTS_IN}"))["messages"]
        after = [float(one["ts"]) for one in found if float(one["ts"]) > asked]
        if after:
            return min(after) - asked
        await asyncio.sleep(0.2)
    return inf


async def told_at(around: Worlds, cards: Sequence[Followed]) -> dict[int, float]:
    """Return when each run's end was announced: in its card's thread, or in a message that names many runs."""
    runs = {(card.channel, card.ts): card.run_id for card in cards}
    told: dict[int, float] = {}
    for channel in {card.channel for card in cards}:
        for message in (await around.slack.get(f"channels/{channel}"))["messages"]:
            at = float(message["ts"])
            for run in map(int, NAMED.findall(message["text"])):
                told[run] = min(at, told.get(run, inf))
            run_id = runs.get((channel, message["ts"]))
            for reply in message.get("replies", []) if run_id is not None else []:
                told[int(run_id or 0)] = min(float(reply["ts"]), told.get(int(run_id or 0), inf))
    return told


async def _shown(around: Worlds, cards: Sequence[Followed]) -> dict[int, float]:
    """Return when each card first showed its run's end."""
    runs = {(card.channel, card.ts): card.run_id for card in cards}
    shown: dict[int, float] = {}
    for call in (await around.slack.get("calls?what=chat.update"))["calls"]:
        details = call["details"]
        run_id = runs.get((str(details.get("channel")), str(details.get("ts"))))
        if run_id is not None and call["outcome"] == "ok" and any(word in details["text"] for word in FINAL):
            shown.setdefault(run_id, call["at"])
    return shown


def _limits(ends: int, channels: int) -> tuple[float, float]:
    """Return the minimum time, in seconds, that Slack's limits require to announce all ends, and to show them all."""
    told = max(ends / POSTS_A_MINUTE * 60, -(-ends // channels) * CHANNEL_GAP_S)
    return told, ends / EDITS_A_MINUTE * 60


def _rows(ends: int, channels: int, burst: Burst) -> list[Row]:
    told, shown = max(burst.told_s.values()), max(burst.shown_s.values())
    told_least, shown_least = _limits(ends, channels)
    failures = [at for run, at in burst.told_s.items() if run in burst.failed]
    others = [at for run, at in burst.told_s.items() if run not in burst.failed]
    early = sum(at < max(failures) for at in others)
    where = f"{channels} channel{'s' if channels > 1 else ''}"
    return [
        Row(
            f"{ends} ends within {burst.ending_s:.1f} s in {where}: all announced after",
            seconds_text(told),
            f"{told_least:.0f} s at Slack's limit",
            f"≤ {TOLD_TIMES} ×",
            told <= TOLD_TIMES * told_least,
        ),
        Row(
            "  all cards edited after",
            seconds_text(shown),
            f"{shown_least:.0f} s",
            f"≤ {SHOWN_TIMES} ×",
            shown <= SHOWN_TIMES * shown_least,
        ),
        Row("  successes announced before the last failure", f"{early}", "", "0", early == 0),
        Row("  429s from Slack", f"{burst.refused}", "", "0", burst.refused == 0),
        Row(
            "  time to the card of a run started in the middle",
            seconds_text(burst.card_s, 1),
            "",
            f"< {START_S:g} s",
            burst.card_s < START_S,
        ),
    ]
