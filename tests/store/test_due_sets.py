"""Due sets: when the first item of each is due, read for all of them at once."""

from __future__ import annotations

from redis.asyncio import Redis

from bot.store.due_sets import next_due
from bot.store.scripts import Scripts
from bot.wiring.work_table import DUE_SETS, LANES

NAMES = [row.name for row in (*DUE_SETS, *LANES)]


async def test_all_due_sets_and_lanes_are_read_at_once(redis_client: Redis) -> None:
    """Each by the item that is due first, whatever its class in a lane; empty ones are left out."""
    scripts = Scripts(redis_client, "test", retention_s=1000)
    assert await next_due(scripts, NAMES) == {}
    now_us = (await redis_client.time())[0] * 1_000_000
    for key, in_s in (
        (("due", "ends"), -10),
        (("due", "late"), 3600),
        (("posts", "report"), 60),
        (("posts", "opening"), 30),
        (("edits", "count"), 300),
    ):
        await redis_client.zadd(scripts.key(*key), {"A": now_us + in_s * 1_000_000})
    found = await next_due(scripts, NAMES)
    # Within some seconds, on a busy machine.
    assert {name: round(wait_s, -1) for name, wait_s in found.items()} == {
        "ends": -10,
        "late": 3600,
        "posts": 30,
        "edits": 300,
    }


async def test_looking_changes_nothing(redis_client: Redis) -> None:
    """An idle bot writes nothing."""
    scripts = Scripts(redis_client, "test", retention_s=1000)
    await next_due(scripts, NAMES)
    assert [key async for key in redis_client.scan_iter(match=scripts.key("*"))] == []
