"""Due sets: one claimer gets each member, and one read shows when each set's first item is due."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.flows.lease import Lease
from bot.store.connect import connect
from bot.store.due_sets import DueSet, next_due
from bot.store.scripts import Scripts
from bot.wiring.work_table import DUE_SETS, LANES
from tests.waiting import eventually

NAMES = [row.name for row in (*DUE_SETS, *LANES)]
MEMBERS = [f"w:{number}" for number in range(20)]
REPLICAS, CLAIMS = 4, 10
LONG_S, SHORT_S = 600.0, 0.05


@pytest.fixture
async def replicas(redis_url: str) -> AsyncIterator[list[Scripts]]:
    """Several processes' connections to one Redis."""
    clients = [connect(redis_url) for _ in range(REPLICAS)]
    yield [Scripts(client, "test", retention_s=1000) for client in clients]
    for client in clients:
        await client.aclose()


async def make_due(scripts: Scripts, *members: str) -> None:
    """Make each of them long overdue."""
    await scripts.redis.zadd(scripts.key("due", "ends"), dict.fromkeys(members, 1))


async def scores(scripts: Scripts) -> dict[str, int]:
    """The members of the set. A member's score is the time when it's due, or the token of its claim."""
    found: list[Any] = list(await scripts.redis.zrange(scripts.key("due", "ends"), 0, -1, withscores=True))
    return {str(member): int(score) for member, score in found}


async def claim_one(scripts: Scripts, lease_s: float) -> Lease:
    """Claim whatever is due, as soon as something is."""
    due = DueSet(scripts, "ends", lease_s=lease_s)
    claimed = await eventually("a member to be due", lambda: due.claim(1), lambda claimed: claimed.lease is not None)
    assert claimed.lease is not None
    return claimed.lease


@pytest.mark.parametrize("most", [1, 3])
async def test_of_simultaneous_claimers_one_wins_each_member(replicas: list[Scripts], most: int) -> None:
    """Of many claims at once, exactly one gets each member, and the set has that claim's token."""
    await make_due(replicas[0], *MEMBERS)
    sets = [DueSet(scripts, "ends", lease_s=LONG_S) for scripts in replicas]
    claims = await asyncio.gather(*(due.claim(most) for _ in range(CLAIMS) for due in sets))
    leases = [claimed.lease for claimed in claims if claimed.lease is not None]
    assert Counter(member for lease in leases for member in lease.members) == Counter(MEMBERS)
    assert all(len(lease.members) <= most for lease in leases)
    assert await scores(replicas[0]) == {member: lease.token for lease in leases for member in lease.members}


async def test_one_member_has_one_winner(replicas: list[Scripts]) -> None:
    """A claimer that is too late gets no lease, only the time to look again: when the winner's lease expires."""
    await make_due(replicas[0], "A")
    claims = await asyncio.gather(*(DueSet(scripts, "ends", lease_s=LONG_S).claim(5) for scripts in replicas))
    (won,) = (claimed.lease for claimed in claims if claimed.lease is not None)
    assert won.member == "A"
    for claimed in claims:
        assert claimed.wait_s is not None
        assert LONG_S - 60 < claimed.wait_s <= LONG_S


async def test_an_expired_lease_is_claimed_again_and_the_old_token_does_nothing(redis_client: Redis) -> None:
    """The previous holder can't finish, give back or renew the new claim."""
    scripts = Scripts(redis_client, "test", retention_s=1000)
    await make_due(scripts, "A")
    old = await claim_one(scripts, SHORT_S)
    new = await claim_one(scripts, LONG_S)
    assert new.token > old.token
    due = DueSet(scripts, "ends", lease_s=LONG_S)
    for late in (due.finish, due.give_back, due.renew):
        await late(old)
        assert await scores(scripts) == {"A": new.token}
    await due.finish(new)
    assert await scores(scripts) == {}


async def test_a_renewed_lease_is_kept(redis_client: Redis) -> None:
    """After the first lease would have expired, others still can't claim, and only the new token finishes."""
    scripts = Scripts(redis_client, "test", retention_s=1000)
    await make_due(scripts, "A", "B")
    due = DueSet(scripts, "ends", lease_s=LONG_S)
    lease = (await DueSet(scripts, "ends", lease_s=2).claim(2)).lease
    assert lease is not None
    before = lease.token
    token = await due.renew(lease)
    assert token > before
    assert await scores(scripts) == {"A": token, "B": token}
    claimed = await due.claim(2)
    assert claimed.lease is None
    assert claimed.wait_s is not None
    assert claimed.wait_s > LONG_S - 60
    await due.finish(lease)
    assert await scores(scripts) == {"A": token, "B": token}
    lease.token = token
    await due.finish(lease)
    assert await scores(scripts) == {}


async def test_what_is_given_back_is_due_again(replicas: list[Scripts]) -> None:
    """A member that was given back goes to exactly one of the next claimers, but not before its delay is over."""
    await make_due(replicas[0], "A", "B")
    mine = DueSet(replicas[0], "ends", lease_s=LONG_S)
    lease = (await mine.claim(2)).lease
    assert lease is not None
    await mine.give_back(lease.subset(("A",)))
    await mine.give_back(lease.subset(("B",)), delay_s=LONG_S)
    claims = await asyncio.gather(*(DueSet(scripts, "ends", lease_s=LONG_S).claim(2) for scripts in replicas))
    assert [claimed.lease.members for claimed in claims if claimed.lease is not None] == [("A",)]


async def test_all_due_sets_and_lanes_are_read_at_once(redis_client: Redis) -> None:
    """The time of the first item in each is returned, whatever its urgency class; empty ones are left out."""
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
    # Rounded, because a busy machine may take some seconds.
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
