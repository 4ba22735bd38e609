"""Leases: valid for a limited time, and renewed while their holder lives."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from bot.core.model.errors import StoreUnavailable
from bot.flows.lease import Lease
from tests.waiting import PATIENCE_S

NOW = 1_700_000_000


def lease(lease_s: float = 0.03) -> Lease:
    """A claim made now, at NOW on Redis' clock."""
    return Lease("requests", ("a",), round((NOW + lease_s) * 1e6), time.monotonic() + lease_s, lease_s)


def test_a_lease_is_good_until_its_time_is_up() -> None:
    """The monotonic clock decides, just before something is sent."""
    assert lease(10).is_valid_for()
    assert not lease(-1).is_valid_for()


def test_the_token_tells_redis_time() -> None:
    """The token shows how long ago something happened, by Redis' own clock, without asking Redis."""
    assert abs(lease(10).since_s(datetime.fromtimestamp(NOW - 42, UTC)) - 42) < 1


async def test_a_kept_lease_is_renewed_until_it_is_frozen() -> None:
    """Renewals give the lease a new token and a new deadline; once it's frozen, it isn't renewed anymore."""
    renewed = asyncio.Event()
    tokens = iter(range(1, 1000))

    async def renew(_lease: Lease) -> int:
        renewed.set()
        return next(tokens)

    kept = lease()
    before = kept.until
    kept.start_renewing(renew)
    async with asyncio.timeout(PATIENCE_S):
        await renewed.wait()
    token = await kept.stop_renewing()
    assert token == kept.token
    assert 1 <= token < 1000
    assert kept.until > before
    assert await kept.stop_renewing() == token


async def freezing_under_way() -> tuple[Lease, asyncio.Task[int], asyncio.Event]:
    """A holder that freezes its lease during a renewal, which returns 77 once the event is set."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def renew(_lease: Lease) -> int:
        begun.set()
        await go_on.wait()
        return 77

    kept = lease()
    kept.start_renewing(renew)
    async with asyncio.timeout(PATIENCE_S):
        await begun.wait()
    freezing = asyncio.create_task(kept.stop_renewing())
    await asyncio.sleep(0)
    return kept, freezing, go_on


async def test_freezing_waits_for_a_renewal_under_way() -> None:
    """Otherwise the holder would finish with a token that Redis has already replaced."""
    _kept, freezing, go_on = await freezing_under_way()
    assert not freezing.done()
    go_on.set()
    assert await freezing == 77


def test_a_lease_under_which_something_is_sent_is_pinned() -> None:
    """The lease has to run its full time: until the outcome is known, no other process may take it over."""
    sending = lease(10)
    assert not sending.in_flight
    sending.replace_token(42, 30)
    assert sending.in_flight
    assert sending.token == 42
    assert sending.is_valid_for()


async def test_a_renewal_that_fails_leaves_the_lease_to_lapse() -> None:
    """The failure doesn't reach the holder, which learns of a lost lease when it finishes."""
    failed = asyncio.Event()

    async def renew(_lease: Lease) -> int:
        failed.set()
        raise StoreUnavailable

    kept = lease()
    token = kept.token
    kept.start_renewing(renew)
    async with asyncio.timeout(PATIENCE_S):
        await failed.wait()
    assert await kept.stop_renewing() == token


async def test_a_holder_that_is_cancelled_while_it_freezes_is_cancelled() -> None:
    """The cancellation reaches the holder, and the renewal in progress still decides the token."""
    kept, freezing, go_on = await freezing_under_way()
    freezing.cancel()
    await asyncio.wait({freezing})
    assert freezing.cancelled()
    go_on.set()
    assert await kept.stop_renewing() == 77
