"""Each delivery of each kind is handled once, even while the previous version is running too."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from bot.core.model.delivery import DeliveryState
from bot.core.model.request import request_id
from bot.store.deduplication import MESSAGES, PERSON_REQUESTS, PICTURES, Deduplication, DeliveryKind
from bot.store.scripts import Scripts

NEW, BEGUN, DONE = DeliveryState
MESSAGE = "message:C1:1700000000.000100"

pytestmark = pytest.mark.parametrize("kind", [MESSAGES, PERSON_REQUESTS, PICTURES], ids=lambda kind: kind.key)


@pytest.fixture
def scripts(redis_client: Redis) -> Scripts:
    """An empty store."""
    return Scripts(redis_client, "test", retention_s=3600)


async def test_one_delivery_of_many_is_handled(scripts: Scripts, kind: DeliveryKind) -> None:
    """Only one replica handles a delivery; the others learn whether it's still being handled or already done."""
    replicas = [Deduplication(scripts, kind) for _ in range(10)]
    states = await asyncio.gather(*(each.begin(MESSAGE) for each in replicas))
    assert sorted(states) == [BEGUN] * 9 + [NEW]
    await replicas[0].done(MESSAGE)
    assert await replicas[1].begin(MESSAGE) is DONE
    assert await replicas[1].begin("message:C1:1700000000.000200") is NEW


async def test_a_process_that_dies_leaves_it_to_the_next(scripts: Scripts, kind: DeliveryKind) -> None:
    """A delivery that was begun but not done is new again after a while; one that's done is known until it expires."""
    deliveries = Deduplication(scripts, kind)
    assert await deliveries.begin(MESSAGE) is NEW
    (key,) = await scripts.redis.keys(scripts.key(kind.key, "*"))
    assert kind.begun_s * 1000 - 5000 < await scripts.redis.pttl(key) <= kind.begun_s * 1000
    await scripts.redis.delete(key)
    assert await deliveries.begin(MESSAGE) is NEW
    await deliveries.done(MESSAGE)
    assert kind.done_s - 5 < await scripts.redis.ttl(key) <= kind.done_s


async def test_the_version_before_knows_the_same_deliveries(scripts: Scripts, kind: DeliveryKind) -> None:
    """Keys and values are the previous version's, so each version recognizes the deliveries that the other has seen."""
    name = MESSAGE if kind is MESSAGES else request_id("", MESSAGE)
    old = f"{{bolt:test}}:{kind.key}:{name}"
    deliveries = Deduplication(scripts, kind)
    for word, state in ({"1": DONE} if kind is PICTURES else {"begun": BEGUN, "done": DONE}).items():
        await scripts.redis.set(old, word, ex=60)
        assert await deliveries.begin(MESSAGE) is state
    await scripts.redis.delete(old)
    await deliveries.begin(MESSAGE)
    assert await scripts.redis.get(old) == "begun"
    await deliveries.done(MESSAGE)
    assert await scripts.redis.get(old) == "done"
