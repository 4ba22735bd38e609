"""What was delivered twice is answered once."""

from __future__ import annotations

import asyncio

from redis.asyncio import Redis

from bot.store.deliveries import KEPT_S, Deliveries
from bot.store.scripts import Scripts


async def test_a_delivery_is_new_once(redis_client: Redis) -> None:
    """For one of all replicas; and it is forgotten after a while."""
    scripts = Scripts(redis_client, "test", retention_s=1000)
    replicas = [Deliveries(scripts) for _ in range(5)]
    assert sum(await asyncio.gather(*(each.is_new("a") for each in replicas))) == 1
    assert await replicas[0].is_new("b")
    keys = await redis_client.keys()
    assert len(keys) == 2
    for key in keys:
        assert 0 < await redis_client.ttl(key) <= KEPT_S
