"""The cost of an idle bot."""

from __future__ import annotations

import asyncio

from bench.stage import Options, Process, Worlds, bot, worlds
from bench.table import Row

READY_S = 1.5
MEMORY_MB = 100.0
DRAWING_MB = 180.0
# As many as the bot draws at once.
PICTURES = 2
QUIET_S = 10.0
# In seconds. Drawing a picture takes a tenth of a second.
LOOK_S = 0.002


async def measure(options: Options) -> list[Row]:
    """Measure the time until ready, and the memory when idle and while drawing pictures, the embedded Redis included.

    The first start after an installation writes every module's bytecode, so it's measured separately.
    """
    async with worlds() as around:
        async with bot(around.environment) as (_, first_s):
            pass
        ready_s, memory_mb, drawing_mb = await _measured(around, options)
    return [
        Row(
            "start to ready",
            f"{ready_s:.2f} s",
            f"{first_s:.2f} s at the first start",
            f"≤ {READY_S} s",
            ready_s <= READY_S,
        ),
        Row(
            "idle memory, embedded Redis included",
            f"{memory_mb:.0f} MB",
            "",
            f"≤ {MEMORY_MB:.0f} MB",
            memory_mb <= MEMORY_MB,
        ),
        Row(
            f"memory of all processes while {PICTURES} pictures are drawn",
            f"{drawing_mb:.0f} MB",
            f"{memory_mb:.0f} MB idle",
            f"≤ {DRAWING_MB:.0f} MB",
            drawing_mb <= DRAWING_MB,
        ),
    ]


async def _measured(around: Worlds, options: Options) -> tuple[float, float, float]:
    """Return the seconds until ready, the MB when idle, and the most MB while pictures are drawn."""
    async with bot(around.environment) as (running, ready_s):
        await asyncio.sleep(QUIET_S / 5 if options.quick else QUIET_S)
        idle_mb = running.rss_mb()
        return ready_s, idle_mb, await _drawing(around, running)


async def _drawing(around: Worlds, running: Process) -> float:
    """Return the peak memory in MB from the request for pictures until the last one is done."""
    before = len(running.children)
    for number in range(PICTURES):
        text = f"history hourly --runs {20 + number}"
        await around.slack.post("slash", {"user": "ada", "channel": "data-eng", "text": text})
    most_mb, drawn = 0.0, set[str]()
    async with asyncio.timeout(READY_S * 10):
        while len(drawn) < before + PICTURES or len(running.children) > before:
            drawn.update(running.children)
            most_mb = max(most_mb, running.rss_mb())
            await asyncio.sleep(LOOK_S)
    return most_mb
