"""How due sets become jobs."""

from __future__ import annotations

import asyncio
import contextlib
import time

import pytest
from redis.asyncio import Redis

from bot.core.model.errors import StoreUnavailable
from bot.flows.lease import Lease
from bot.store.due_sets import Claimed, DueSet
from bot.store.scripts import Scripts
from bot.workers import claims
from bot.workers.worker import Worker
from tests.waiting import PATIENCE_S

LEASE_S = 30.0


class Waiting:
    """Jobs that wait until they're released. Counts the jobs that have begun."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._go_on = asyncio.Event()
        self.members: list[str] = []
        self.begun = asyncio.Event()

    async def advance(self, lease: Lease) -> None:
        """Do one job."""
        self.members.append(lease.member)
        if len(self.members) == self._count:
            self.begun.set()
        await self._go_on.wait()


class FailsOnce(DueSet):
    """A due set whose second claim finds Redis away."""

    claims = 0

    async def claim(self, most: int, *, soon_s: float = 0, fields: tuple[str, ...] = ()) -> Claimed:
        """Claim, and fail the second time."""
        self.claims += 1
        if self.claims == 2:
            raise StoreUnavailable
        return await super().claim(most, soon_s=soon_s, fields=fields)


@pytest.fixture
def scripts(redis_client: Redis) -> Scripts:
    """The scripts of a separate bot."""
    return Scripts(redis_client, "test", retention_s=3600)


async def put(scripts: Scripts, count: int) -> None:
    """Make this many members due."""
    await scripts.redis.zadd(scripts.key("due", "ends"), {f"run{number}": 1 for number in range(count)})


def no_incident(where: str, error: BaseException) -> str:
    """Fail: no unexpected fault may be reported."""
    raise AssertionError(where) from error


async def stop(worker: Worker, working: asyncio.Task[None]) -> None:
    """Stop a worker and cancel its jobs."""
    worker.stop()
    await working
    await worker.drain(0)


async def test_a_claim_that_fails_drops_nothing_claimed_before_it(scripts: Scripts) -> None:
    """Each job begins as soon as it's claimed, so it isn't lost if a later claim fails."""
    await put(scripts, 2)
    waiting = Waiting(2)
    claim = claims.claim_one(FailsOnce(scripts, "ends", lease_s=LEASE_S), waiting.advance, lambda: None)
    worker = Worker("ends", claim, most=5, report_fault=no_incident)
    working = asyncio.create_task(worker.run())
    async with asyncio.timeout(PATIENCE_S):
        await waiting.begun.wait()
    await stop(worker, working)
    assert sorted(waiting.members) == ["run0", "run1"]


async def test_no_more_is_claimed_than_may_be_under_way(scripts: Scripts) -> None:
    """No more is claimed than may run at once; the rest is left for other replicas."""
    await put(scripts, 8)
    waiting = Waiting(3)
    due = DueSet(scripts, "ends", lease_s=LEASE_S)
    worker = Worker("ends", claims.claim_one(due, waiting.advance, lambda: None), most=3, report_fault=no_incident)
    working = asyncio.create_task(worker.run())
    async with asyncio.timeout(PATIENCE_S):
        await waiting.begun.wait()
    left = (await due.claim(10)).lease
    assert worker.busy == 3
    assert left is not None
    assert len(left.members) == 5
    await stop(worker, working)


async def test_a_job_that_is_broken_off_while_redis_is_away_is_cancelled(scripts: Scripts) -> None:
    """A cancelled job counts as cancelled even if giving back its lease fails because Redis is away."""

    class Away(DueSet):
        async def give_back(self, lease: Lease, *, delay_s: float = 0) -> None:
            del lease, delay_s
            raise StoreUnavailable

    due = Away(scripts, "ends", lease_s=LEASE_S)
    held = asyncio.Event()

    async def work() -> None:
        async with claims.keep_lease(due, Lease("ends", ("run1",), 1, time.monotonic() + LEASE_S, LEASE_S)):
            held.set()
            await asyncio.Event().wait()

    working = asyncio.create_task(work())
    async with asyncio.timeout(PATIENCE_S):
        await held.wait()
    working.cancel()
    await asyncio.wait({working})
    assert working.cancelled()


async def test_a_job_wakes_those_who_carry_on_with_what_it_made(scripts: Scripts) -> None:
    """A job that made only a post wakes only the workers that post; any other job, even a failed one, wakes all."""
    await put(scripts, 3)
    made = iter([True, False, None])
    woken: list[str] = []

    async def advance(_lease: Lease) -> bool:
        only_a_post = next(made)
        if only_a_post is None:
            raise LookupError
        return only_a_post

    due = DueSet(scripts, "ends", lease_s=LEASE_S)
    claim = claims.claim_one(due, advance, lambda: woken.append("all"), wake_posts=lambda: woken.append("posts"))
    for job in [job for _ in range(3) for job in (await claim()).jobs]:
        with contextlib.suppress(LookupError):
            await job
    assert woken == ["posts", "all", "all"]
