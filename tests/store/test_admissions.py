"""Requests are counted by person and channel, a flood gets one reply, and repeats are recognized."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from bot.core.model.admission import Admitted, Limits
from bot.core.model.request import request_id
from bot.store.admissions import Admissions
from bot.store.deduplication import PERSON_REQUESTS
from bot.store.scripts import Scripts

OK, FLOOD, FLOODED, REPLAY = Admitted


@pytest.fixture
def scripts(redis_client: Redis) -> Scripts:
    """The scripts of a deployment that only this test uses."""
    return Scripts(redis_client, "test", retention_s=1000)


async def words(admissions: Admissions, count: int, *, user: str = "U1", channel: str = "C1") -> list[Admitted]:
    """The results of this many requests by one person, one after the other."""
    return [await admissions.admit(user, channel, f"{user}:{channel}:{number}") for number in range(count)]


async def test_a_flood_is_answered_once_and_dropped(scripts: Scripts) -> None:
    """The first request above the limit gets an answer, and the rest don't; other people aren't affected."""
    admissions = Admissions(scripts, Limits(user=3))
    assert await words(admissions, 6) == [OK, OK, OK, FLOOD, FLOODED, FLOODED]
    assert await words(admissions, 1, user="U2") == [OK]


async def test_whoever_is_above_the_limit_at_once_is_told_once(scripts: Scripts) -> None:
    """The limit holds even for requests at the same moment."""
    admissions = Admissions(scripts, Limits(user=5))
    found = await asyncio.gather(*(admissions.admit("U1", "C1", str(number)) for number in range(20)))
    assert sorted(found) == [FLOOD, *[FLOODED] * 14, *[OK] * 5]


async def test_a_channel_has_a_limit_of_its_own(scripts: Scripts) -> None:
    """Each person in the channel is warned once; requests elsewhere, or outside of channels, aren't affected."""
    admissions = Admissions(scripts, Limits(user=3, channel=4))
    assert await words(admissions, 3, user="U1") == [OK, OK, OK]
    assert await words(admissions, 3, user="U2") == [OK, FLOOD, FLOODED]
    assert await words(admissions, 2, user="U3") == [FLOOD, FLOODED]
    assert await words(admissions, 1, user="U4", channel="C2") == [OK]
    assert await words(admissions, 1, user="U5", channel="") == [OK]


async def test_one_persons_flood_leaves_the_channel_to_the_others(scripts: Scripts) -> None:
    """Dropped requests don't count against anybody else."""
    admissions = Admissions(scripts, Limits(user=3, channel=4))
    await words(admissions, 50, user="U1")
    assert await words(admissions, 1, user="U2") == [OK]


async def test_the_window_ends(scripts: Scripts) -> None:
    """All counts expire, along with the mark that the person was told."""
    admissions = Admissions(scripts, Limits(user=1))
    assert await words(admissions, 2) == [OK, FLOOD]
    keys = await scripts.redis.keys(scripts.key("flood", "*"))
    assert len(keys) == 3
    for key in keys:
        assert 0 < await scripts.redis.ttl(key) <= Limits().window_s
    await scripts.redis.delete(*keys)
    assert await admissions.admit("U1", "C1", "later") is OK


async def test_only_what_was_dealt_with_is_a_replay(scripts: Scripts) -> None:
    """A copy of an unfinished request is let in, and doesn't count again."""
    admissions = Admissions(scripts, Limits(user=1))
    assert [await admissions.admit("U1", "C1", "a") for _ in range(5)] == [OK] * 5
    (key,) = await scripts.redis.keys(scripts.key("seen", "*"))
    assert 0 < await scripts.redis.ttl(key) <= PERSON_REQUESTS.begun_s
    await admissions.done("a")
    assert [await admissions.admit("U1", "C1", "a") for _ in range(5)] == [REPLAY] * 5
    assert await admissions.admit("U2", "C1", "b") is OK
    for key in await scripts.redis.keys(scripts.key("seen", "*")):
        assert PERSON_REQUESTS.done_s - 5 < await scripts.redis.ttl(key) <= PERSON_REQUESTS.done_s


async def test_what_a_flood_dropped_is_not_done_later(scripts: Scripts) -> None:
    """The person was told that nothing was done, which stays true if a copy arrives after the flood."""
    admissions = Admissions(scripts, Limits(user=1))
    assert await words(admissions, 3) == [OK, FLOOD, FLOODED]
    for key in await scripts.redis.keys(scripts.key("flood", "*")):
        await scripts.redis.delete(key)
    assert await words(admissions, 3) == [OK, REPLAY, REPLAY]


async def test_what_is_not_to_be_known_again_is_not(scripts: Scripts) -> None:
    """Without an id, a request counts every time."""
    admissions = Admissions(scripts, Limits(user=2))
    assert [await admissions.admit("U1", "C1", "") for _ in range(4)] == [OK, OK, FLOOD, FLOODED]
    assert await scripts.redis.keys(scripts.key("seen", "*")) == []


async def test_the_version_before_knows_the_same_deliveries(scripts: Scripts) -> None:
    """The current version recognizes the previous version's marks, and stores the same values under the same keys."""
    admissions = Admissions(scripts, Limits(user=1))
    old = scripts.key("seen", request_id("", "a"))
    await scripts.redis.set(old, "begun", ex=600)
    assert await admissions.admit("U1", "C1", "a") is OK
    assert await scripts.redis.keys(scripts.key("flood", "*")) == []
    await scripts.redis.set(old, "done", ex=600)
    assert await admissions.admit("U1", "C1", "a") is REPLAY
    assert await words(admissions, 2) == [OK, FLOOD]
    kept = [await scripts.redis.get(scripts.key("seen", request_id("", f"U1:C1:{number}"))) for number in range(2)]
    assert kept == ["begun", "done"]
