"""Helpers for the parts about watches: create watches without typing, and fail runs that the scheduler started."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from bench.seed import make_channels
from bench.stage import Control, Json, Worlds
from bot.core.model.watch import Watch
from bot.store.connect import connect
from bot.store.scripts import Scripts
from bot.store.watches import Watches

RETENTION_S = 86_400
# Time for the first look at every schedule, before anything is measured.
SETTLED_S = 5.0
LOOKED_S = 120.0


async def watch(
    around: Worlds, redis_url: str, patterns: Sequence[tuple[int, str]], channels: int, *, mention: str = "none"
) -> None:
    """Store watches as the command does. `patterns`: each after the number of its channel (0 for watch-0)."""
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


async def until_looked(around: Worlds) -> None:
    """Wait until every watched schedule has been looked at once."""
    async with asyncio.timeout(LOOKED_S):
        before = -1
        while True:
            asked = (await around.bolt.asked()).total
            if asked == before:
                break
            before = asked
            await asyncio.sleep(SETTLED_S)


async def end(bolt: Control, slug: str, how: str) -> Json:
    """Create a schedule's run that wasn't started from Slack and has just ended."""
    return await bolt.post("bolt/runs", {"slug": slug, "scheduled": True, "ends": how, "takes_s": 1, "ago_s": 2})
