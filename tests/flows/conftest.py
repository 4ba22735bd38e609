"""Fixtures that the tests of flows share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis import Redis as BlockingRedis
from redis.asyncio import Redis

from bot.store.connect import connect
from tests.flows.stage import Stage


@pytest.fixture
async def one_redis(redis_servers: dict[str, str]) -> AsyncIterator[Redis]:
    """A client of one empty Redis: the store's own tests cover the other kinds."""
    url = next(iter(redis_servers.values()))
    with BlockingRedis.from_url(url) as blocking:
        blocking.flushall()
    client = connect(url)
    yield client
    await client.aclose()


@pytest.fixture
async def start_stage(one_redis: Redis) -> Stage:
    """The flows of a start, with an empty store."""
    return Stage(one_redis)
