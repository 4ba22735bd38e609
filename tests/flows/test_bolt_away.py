"""If Bolt is away, the claimed work is due again later; if Bolt throttles, the whole due set waits."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.core.model.errors import BoltError, BoltOutcomeUnknown, BoltThrottled
from bot.flows.bolt_away import give_back_while_away
from bot.store.due_sets import DueSet
from bot.store.scripts import Scripts


@pytest.mark.parametrize(
    ("away", "is_held", "after_s"), [(BoltThrottled(30), True, 30), (BoltOutcomeUnknown(), False, 7)]
)
async def test_a_claim_is_given_back(one_redis: Redis, away: BoltError, after_s: float, *, is_held: bool) -> None:
    """A claim is due again after the wait that Bolt asks for; if Bolt asks for none, after the flow's own wait."""
    scripts = Scripts(one_redis, "test", retention_s=1000)
    due, members = DueSet(scripts, "looks", lease_s=10), scripts.key("due", "looks")
    await one_redis.zadd(members, {"nightly": 0, "hourly": 1})
    lease = (await due.claim(1)).lease
    assert lease is not None
    await give_back_while_away(due, lease, away, away_s=7)
    again_us = await one_redis.zscore(members, lease.member)
    assert again_us is not None
    claimed_us = lease.token - 10_000_000
    assert after_s <= (again_us - claimed_us) / 1e6 < after_s + 5
    assert ((await due.claim(1)).lease is None) is is_held
