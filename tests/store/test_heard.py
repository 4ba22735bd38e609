"""A message is dealt with once."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from bot.store import heard
from bot.store.heard import Heard
from bot.store.scripts import Scripts

MESSAGE = "message:C1:1700000000.000100"


@pytest.fixture
def messages(redis_client: Redis) -> Heard:
    """No message was heard yet."""
    return Heard(Scripts(redis_client, "test", retention_s=3600))


async def test_one_delivery_of_many_is_dealt_with(messages: Heard) -> None:
    """Each of the others learns whether the first is still at it, or done."""
    words = await asyncio.gather(*(messages.begin(MESSAGE) for _ in range(10)))
    assert sorted(words) == ["begun"] * 9 + ["new"]
    await messages.done(MESSAGE)
    assert await messages.begin(MESSAGE) == "done"
    assert await messages.begin("message:C1:1700000000.000200") == "new"


async def test_who_dies_in_it_leaves_it_to_the_next(messages: Heard, redis_client: Redis) -> None:
    """What was begun and never done is new again after a while; what is done stays so for as long as Slack delivers."""
    assert await messages.begin(MESSAGE) == "new"
    (key,) = await redis_client.keys("*heard*")
    assert 0 < await redis_client.pttl(key) <= heard.BEGUN_S * 1000
    await redis_client.delete(key)
    assert await messages.begin(MESSAGE) == "new"
    await messages.done(MESSAGE)
    assert 7200 < await redis_client.ttl(key) <= heard.KEPT_S
