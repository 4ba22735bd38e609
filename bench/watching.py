"""What the rows about watches share: watches made without typing, and failing runs that the scheduler started."""

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
# The first looks, of every schedule, before anything is measured.
SETTLED_S = 5.0
LOOKED_S = 120.0


async def watch(
    around: Worlds, redis_url: str, patterns: Sequence[tuple[int, str]], channels: int, *, mention: str = "none"
) -> None:
    """Make watches as the command does, without its commands: patterns by the number of their channel, watch-0 and so on."""
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
    """A run of a schedule that nobody started here, and that has just ended."""
    return await bolt.post("bolt/runs", {"slug": slug, "scheduled": True, "ends": how, "takes_s": 1, "ago_s": 2})
