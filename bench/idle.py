"""What it costs to have the bot there."""

from __future__ import annotations

import asyncio

from bench.stage import Options, Worlds, bot, worlds
from bench.table import Row

READY_S = 3.0
MEMORY_MB = 120.0
QUIET_S = 10.0


async def measure(options: Options) -> list[Row]:
    """Start to ready, and memory with nothing to do; the embedded Redis is part of both.

    The first start after an installation writes the byte code of every module, so it is measured for itself.
    """
    async with worlds() as around:
        async with bot(around.environment) as (_, first_s):
            pass
        ready_s, memory_mb = await _measured(around, options)
    return [
        Row(
            "start to ready",
            f"{ready_s:.2f} s",
            f"{first_s:.2f} s the time before",
            f"< {READY_S:.0f} s",
            ready_s < READY_S,
        ),
        Row(
            "idle memory, embedded Redis included",
            f"{memory_mb:.0f} MB",
            "",
            f"< {MEMORY_MB:.0f} MB",
            memory_mb < MEMORY_MB,
        ),
    ]


async def _measured(around: Worlds, options: Options) -> tuple[float, float]:
    """Seconds to ready, and MB with nothing to do."""
    async with bot(around.environment) as (running, ready_s):
        await asyncio.sleep(QUIET_S / 5 if options.quick else QUIET_S)
        return ready_s, running.rss_mb()
