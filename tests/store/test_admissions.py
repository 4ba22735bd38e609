"""What people ask for: counted by person and channel, told once where it is too much, and known again when it was dealt with."""

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
    """The scripts of a deployment of its own."""
    return Scripts(redis_client, "test", retention_s=1000)


async def words(admissions: Admissions, count: int, *, user: str = "U1", channel: str = "C1") -> list[Admitted]:
    """What becomes of so many askings of one person, one after the other."""
    return [await admissions.admit(user, channel, f"{user}:{channel}:{number}") for number in range(count)]


async def test_a_flood_is_answered_once_and_dropped(scripts: Scripts) -> None:
    """The first one above the limit is told, the others are not; another person is not concerned."""
    admissions = Admissions(scripts, Limits(user=3))
    assert await words(admissions, 6) == [OK, OK, OK, FLOOD, FLOODED, FLOODED]
    assert await words(admissions, 1, user="U2") == [OK]


async def test_whoever_is_above_the_limit_at_once_is_told_once(scripts: Scripts) -> None:
    """Also where several processes are asked at the same moment."""
    admissions = Admissions(scripts, Limits(user=5))
    found = await asyncio.gather(*(admissions.admit("U1", "C1", str(number)) for number in range(20)))
    assert sorted(found) == [FLOOD, *[FLOODED] * 14, *[OK] * 5]


async def test_a_channel_has_a_limit_of_its_own(scripts: Scripts) -> None:
    """Each person in it is told; who asks elsewhere, or in no channel, is not concerned."""
    admissions = Admissions(scripts, Limits(user=3, channel=4))
    assert await words(admissions, 3, user="U1") == [OK, OK, OK]
    assert await words(admissions, 3, user="U2") == [OK, FLOOD, FLOODED]
    assert await words(admissions, 2, user="U3") == [FLOOD, FLOODED]
    assert await words(admissions, 1, user="U4", channel="C2") == [OK]
    assert await words(admissions, 1, user="U5", channel="") == [OK]


async def test_one_persons_flood_leaves_the_channel_to_the_others(scripts: Scripts) -> None:
    """What was dropped counts against nobody else."""
    admissions = Admissions(scripts, Limits(user=3, channel=4))
    await words(admissions, 50, user="U1")
    assert await words(admissions, 1, user="U2") == [OK]


async def test_the_window_ends(scripts: Scripts) -> None:
    """Every count of it expires by itself, and so does what was told."""
    admissions = Admissions(scripts, Limits(user=1))
    assert await words(admissions, 2) == [OK, FLOOD]
    keys = await scripts.redis.keys(scripts.key("flood", "*"))
    assert len(keys) == 3
    for key in keys:
        assert 0 < await scripts.redis.ttl(key) <= Limits().window_s
    await scripts.redis.delete(*keys)
    assert await admissions.admit("U1", "C1", "later") is OK


async def test_only_what_was_dealt_with_is_a_replay(scripts: Scripts) -> None:
    """A copy of what is being dealt with, or was when a process died, is let in, and counts no second time."""
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
    """It was told that nothing was done, and that stays so when a copy comes after the flood."""
    admissions = Admissions(scripts, Limits(user=1))
    assert await words(admissions, 3) == [OK, FLOOD, FLOODED]
    for key in await scripts.redis.keys(scripts.key("flood", "*")):
        await scripts.redis.delete(key)
    assert await words(admissions, 3) == [OK, REPLAY, REPLAY]


async def test_what_is_not_to_be_known_again_is_not(scripts: Scripts) -> None:
    """It counts each time."""
    admissions = Admissions(scripts, Limits(user=2))
    assert [await admissions.admit("U1", "C1", "") for _ in range(4)] == [OK, OK, FLOOD, FLOODED]
    assert await scripts.redis.keys(scripts.key("seen", "*")) == []


async def test_the_version_before_knows_the_same_deliveries(scripts: Scripts) -> None:
    """What it has marked is known here, and what is marked here is where it looks, in its words."""
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
