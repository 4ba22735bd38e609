"""From a run's end to its announcement: many active runs, all of which need edits, under Slack's own limits.

An end counts as announced when Slack accepts the post in its card's thread. Our bot and a rival have the same number of
runs and the same ends at the same time, each with its own Slack and Bolt. A second rival runs alongside and waits for
each of its edits. That rival uses next to no resources, because it hardly ever gets to poll.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import inf, isinf

from bench.seed import Followed, seed
from bench.stage import Control, Options, Worlds, bot, helper, redis_server, worlds
from bench.table import Row, percentile, seconds_text

RUNS = 500
ENDS_A_MINUTE = 20
FAILED_SHARE = 0.3
SEED = 20
INTERVAL_S = 5
WINDOW_S = 600.0
QUICK_S, QUICK_RUNS = 12.0, 40
# How long the parts measured at the same time take to start their runs, which uses a lot of processor time.
WARM_S, QUICK_WARM_S = 60.0, 1.0
# How long announcements may still come after the last end.
AFTER_S, QUICK_AFTER_S = 30.0, 10.0
LOOK_S = 5.0
# In each run, a command begins every minute: that calls for 500 edits a minute, and Slack accepts 50.
COMMAND_S = 60
COMMANDS = 15
MEDIAN_S = 3.0
P99_S = INTERVAL_S + 1.5
METHODS = ("chat.update", "chat.postMessage")
TIMES_FEWER = 10


@dataclass(frozen=True, slots=True)
class End:
    """A run's end, `after_s` seconds after the beginning. `at` is the run's index among the seeded ones."""

    after_s: float
    at: int
    state: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The number of runs, the ends of some of them, and how long to wait before and after those ends."""

    runs: int
    ends: list[End]
    warm_s: float
    after_s: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """How long each end took to be announced (infinite if it wasn't), requests to Bolt per minute, and Slack's 429s.

    `refused`: how often Slack answered 429, by method.
    """

    took_s: list[float]
    requests_a_minute: float
    edits_a_minute: float
    refused: dict[str, int]

    @property
    def untold(self) -> int:
        """Return how many ends weren't announced."""
        return sum(isinf(one) for one in self.took_s)


async def measure(options: Options) -> list[Row]:
    """Measure our bot and the rivals at the same time."""
    made = quick_plan() if options.quick else Plan(RUNS, plan(WINDOW_S, RUNS), WARM_S, AFTER_S)
    return rows(*await asyncio.gather(_ours(made), _rival(made), _rival(made, "--wait")), runs=made.runs)


def quick_plan() -> Plan:
    """Plan a few ends that come soon."""
    return Plan(QUICK_RUNS, plan(QUICK_S, QUICK_RUNS), QUICK_WARM_S, QUICK_AFTER_S)


async def _ours(made: Plan) -> Outcome:
    interval = {name: str(INTERVAL_S) for name in ("BOLT_BOT_POLL_MIN_S", "BOLT_BOT_POLL_MAX_S")}
    async with worlds() as around, redis_server() as redis_url:
        cards = await seed(redis_url, around.environment, around.bolt, runs=made.runs, commands=commands())
        async with bot(around.environment, REDIS_URL=redis_url, **interval):
            return await watch(around, cards, made)


async def _rival(made: Plan, *arguments: str) -> Outcome:
    async with worlds() as around, redis_server() as redis_url:
        cards = await seed(redis_url, around.environment, around.bolt, runs=made.runs, commands=commands())
        command = (sys.executable, "-m", "bench.plain_bot", *arguments)
        given = json.dumps([asdict(card) for card in cards])
        async with helper(*command, environment=around.environment, given=given):
            return await watch(around, cards, made)


def rows(ours: Outcome, rival: Outcome, waiting: Outcome, *, runs: int) -> list[Row]:
    """Return the lines of the table."""
    median, p99 = statistics.median(ours.took_s), percentile(ours.took_s, 99)
    ratio = rival.requests_a_minute / max(0.01, ours.requests_a_minute)
    name = (
        f"from a run's end to its announcement, median of {len(ours.took_s)}, {runs} active runs, "
        f"{ENDS_A_MINUTE} ends per minute"
    )
    theirs = statistics.median(rival.took_s)
    return [
        Row(name, _s(median), f"{_s(theirs)} with a polling task per run", f"≤ {MEDIAN_S:g} s", median <= MEDIAN_S),
        Row("  p99", _s(p99), _s(percentile(rival.took_s, 99)), f"≤ {P99_S:g} s", p99 <= P99_S),
        Row(
            "  ends not announced in time",
            f"{ours.untold}",
            f"{rival.untold}; {waiting.untold} if a task waits for its edits",
            "0",
            ours.untold == 0,
        ),
        Row(
            "  requests to Bolt per minute",
            f"{ours.requests_a_minute:.0f}",
            f"{rival.requests_a_minute:.0f}",
            f"≤ 1/{TIMES_FEWER}",
            ratio >= TIMES_FEWER,
        ),
        Row("  edits per minute that Slack accepted", f"{ours.edits_a_minute:.0f}", f"{rival.edits_a_minute:.0f}"),
        Row("  edits and posts that Slack refused with 429", _refused(ours), _refused(rival)),
    ]


def plan(seconds: float, runs: int) -> list[End]:
    """Plan the ends of runs as a Poisson process, the same each time."""
    dice = random.Random(SEED)  # noqa: S311 - the same ends each time
    order = dice.sample(range(runs), runs)
    ends: list[End] = []
    at_s = dice.expovariate(ENDS_A_MINUTE / 60)
    while at_s < seconds:
        state = "FAILED" if dice.random() < FAILED_SHARE else "SUCCESS"
        ends.append(End(at_s, order[len(ends)], state))
        at_s += dice.expovariate(ENDS_A_MINUTE / 60)
    return ends


def commands() -> tuple[str, ...]:
    """Return enough commands to keep a run from ending by itself."""
    return (f"sleep {COMMAND_S}",) * COMMANDS


async def watch(around: Worlds, cards: Sequence[Followed], made: Plan) -> Outcome:
    """Let the runs end as planned, and see when each end is announced."""
    await around.slack.post("rates", {"enabled": True})
    await asyncio.sleep(made.warm_s)
    log = Log(around.slack)
    until_s = made.ends[-1].after_s + made.after_s
    before, began = await around.bolt.asked(), time.monotonic()
    ended, _ = await asyncio.gather(_end(around.bolt, cards, made.ends), log.read(until_s))
    after, minutes = await around.bolt.asked(), (time.monotonic() - began) / 60
    return Outcome(
        took_s=[_took(log, card, at) for card, at in ended],
        requests_a_minute=(after.total - before.total) / minutes,
        edits_a_minute=log.edits / minutes,
        refused=log.refused,
    )


async def _end(bolt: Control, cards: Sequence[Followed], ends: Sequence[End]) -> list[tuple[Followed, float]]:
    """End the runs. Returns each run with the time at which its end was requested, in Unix seconds."""
    began = time.monotonic()
    ended = []
    for end in ends:
        await asyncio.sleep(max(0.0, began + end.after_s - time.monotonic()))
        card, at = cards[end.at], time.time()
        await bolt.post(f"bolt/runs/{card.run_id}/end", {"state": end.state})
        ended.append((card, at))
    return ended


def _took(log: Log, card: Followed, ended: float) -> float:
    told = log.told.get((card.channel, card.ts))
    return inf if told is None else told - ended


class Log:
    """The content of Slack's log, read in pieces, because it keeps only the newest calls.

    `told` has the time at which the first post in each thread was accepted, by channel and the thread's ts.
    """

    def __init__(self, slack: Control) -> None:
        self.told: dict[tuple[str, str], float] = {}
        self.edits = 0
        self.refused = dict.fromkeys(METHODS, 0)
        self._slack = slack
        self._since = dict.fromkeys(METHODS, time.time())

    async def read(self, seconds: float) -> None:
        """Keep reading for this many seconds."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await asyncio.sleep(min(LOOK_S, max(0.0, until - time.monotonic())))
            await self._look()

    async def _look(self) -> None:
        for what, since in self._since.items():
            calls = [call for call in (await self._slack.get(f"calls?what={what}"))["calls"] if call["at"] > since]
            for call in calls:
                self._take(what, call["at"], call["outcome"], call["details"])
            self._since[what] = max((call["at"] for call in calls), default=since)

    def _take(self, what: str, at: float, outcome: str, details: dict[str, str]) -> None:
        if outcome.startswith("ratelimited"):
            self.refused[what] += 1
        elif outcome == "ok" and what == "chat.update":
            self.edits += 1
        elif outcome == "ok" and details.get("thread_ts"):
            self.told.setdefault((details["channel"], details["thread_ts"]), at)


def _s(seconds: float) -> str:
    return seconds_text(seconds, 2)


def _refused(outcome: Outcome) -> str:
    return " and ".join(str(outcome.refused[method]) for method in METHODS)
