"""The cost of following ten thousand runs, compared with a thousand: CPU, memory, calls to Redis and delay."""

from __future__ import annotations

import asyncio
import os
import re
import time
from dataclasses import dataclass
from math import inf, isinf
from pathlib import Path

import aiohttp

from bench.polls import until_followed
from bench.seed import calm, seed
from bench.stage import Options, Process, Worlds, bot, redis_server, say, worlds
from bench.table import Row

INTERVAL_S = 15
SIZES = ((1_000, 100), (10_000, 1_000))
QUICK_SIZES = ((20, 10), (100, 20))
WINDOW_S, QUICK_S = 90.0, 5.0
POLLS = "boltRunStatus"
CORES, MEMORY_MB, CALLS, LATE_S = 0.6, 300.0, 0.05, 1.0
TICKS = os.sysconf("SC_CLK_TCK")
BUCKET = re.compile(r'^bolt_bot_claim_late_seconds_bucket\{due_set="polls",le="([^"]+)"\} (\S+)$', re.MULTILINE)
REDIS_CALLS = re.compile(r'^bolt_bot_calls_total\{outcome="[a-z]+",service="redis"\} (\S+)$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of following some runs. `cores`: how many cores the bot used; `polled`: runs polled in the window."""

    runs: int
    cores: float
    memory_mb: float
    calls: float
    late_p99_s: float
    polled: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The bot's counters at one moment."""

    at: float
    cpu_s: float
    redis_calls: float
    late: dict[float, float]
    polled: int


async def measure(options: Options) -> list[Row]:
    """Measure with a thousand runs, then with ten thousand."""
    costs = []
    for runs, channels in QUICK_SIZES if options.quick else SIZES:
        say(f"thousands: {runs}")
        costs.append(await _cost(runs, channels, QUICK_S if options.quick else WINDOW_S))
    few, many = costs
    each, less = many.cores / many.runs * 1000, few.cores / few.runs * 1000
    name = f"{many.runs:,} active runs, {INTERVAL_S} s interval"
    return [
        Row(
            f"{name}: processor",
            f"{many.cores:.2f} core",
            f"{few.cores:.2f} core with {few.runs:,} runs",
            f"< {CORES}",
            many.cores < CORES,
        ),
        Row(
            "  memory",
            f"{many.memory_mb:.0f} MB",
            f"{few.memory_mb:.0f} MB",
            f"< {MEMORY_MB:.0f} MB",
            many.memory_mb < MEMORY_MB,
        ),
        Row(
            "  calls to Redis per run and poll",
            f"{many.calls:.3f}",
            f"{few.calls:.3f}",
            f"≤ {CALLS}",
            many.calls <= CALLS,
        ),
        Row(
            "  how late polls are, p99 at most",
            _late(many.late_p99_s),
            _late(few.late_p99_s),
            f"< {LATE_S:g} s",
            many.late_p99_s <= LATE_S,
        ),
        Row("  processor per thousand runs", f"{each:.3f} core", f"{less:.3f}", "≤ with fewer runs", each <= less),
        Row(
            "  polls per run and minute",
            f"{many.polled / many.runs / many.seconds * 60:.1f}",
            f"{few.polled / few.runs / few.seconds * 60:.1f}",
            f"{60 / INTERVAL_S:g} at that interval",
        ),
    ]


async def _cost(runs: int, channels: int, seconds: float) -> Cost:
    interval = {name: str(INTERVAL_S) for name in ("BOLT_BOT_POLL_MIN_S", "BOLT_BOT_POLL_MAX_S")}
    async with worlds() as around, redis_server() as redis_url:
        await seed(redis_url, around.environment, around.bolt, runs=runs, channels=channels)
        async with bot(around.environment, REDIS_URL=redis_url, **interval) as (running, _):
            await until_followed(around.bolt, runs)
            await calm(redis_url, around.slack)
            before = await _snapshot(around, running)
            await asyncio.sleep(seconds)
            after = await _snapshot(around, running)
            memory = running.rss_mb()
    polled, lasted = after.polled - before.polled, after.at - before.at
    return Cost(
        runs,
        (after.cpu_s - before.cpu_s) / lasted,
        memory,
        (after.redis_calls - before.redis_calls) / max(1, polled),
        _p99({edge: after.late[edge] - before.late.get(edge, 0) for edge in after.late}),
        polled,
        lasted,
    )


async def _snapshot(around: Worlds, running: Process) -> Snapshot:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{running.port}/metrics") as answer:
        told = await answer.text()
    used = Path(f"/proc/{running.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()  # noqa: ASYNC240 - a file in /proc
    return Snapshot(
        time.monotonic(),
        (int(used[11]) + int(used[12])) / TICKS,
        sum(map(float, REDIS_CALLS.findall(told))),
        {float(edge.replace("+Inf", "inf")): float(count) for edge, count in BUCKET.findall(told)},
        (await around.bolt.asked()).fields.get(POLLS, 0),
    )


def _late(late_s: float) -> str:
    return "– (longer than the histogram measures)" if isinf(late_s) else f"{late_s:g} s"


def _p99(buckets: dict[float, float]) -> float:
    """Return the upper bound of the bucket that contains the 99th percentile."""
    whole = max(buckets.values(), default=0)
    return min((edge for edge, count in buckets.items() if count >= 0.99 * whole), default=inf)
