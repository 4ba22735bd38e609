"""Claim functions for due sets and lanes.

The table of due sets (`bot.wiring.work_table`) says which flow handles which of them. `bot.flows.lease` decides how
long a claim lasts.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from bot.core.model.errors import StoreUnavailable
from bot.flows.deliver_posts import PostDeliverer
from bot.flows.edit_cards import CardEditor
from bot.flows.lease import Lease
from bot.flows.log_context import log_member
from bot.flows.poll_runs import FIELDS, RunPoller
from bot.store.due_sets import DueSet
from bot.store.lanes import EditLane, PostLane
from bot.workers.worker import Work

# Returns True if its only new work is a post.
Advance = Callable[[Lease], Awaitable[bool | None]]
Wake = Callable[[], None]


@contextlib.asynccontextmanager
async def keep_lease(due: DueSet, lease: Lease) -> AsyncIterator[None]:
    """Renew a lease during a job. If the job is cancelled, its members are given back at once."""
    lease.start_renewing(due.renew)
    try:
        yield
    except asyncio.CancelledError:
        if not lease.in_flight:
            # If Redis is unavailable, the lease expires instead; the cancellation continues either way.
            with contextlib.suppress(StoreUnavailable):
                await due.give_back(lease)
        raise
    finally:
        await lease.stop_renewing()


def claim_one(
    due: DueSet, advance: Advance, wake: Wake, *, wake_posts: Wake | None = None
) -> Callable[[], Awaitable[Work]]:
    """Claim one member per job. Used for requests, ends, cancellations and the like.

    `wake` wakes the workers that go on with its results, and `wake_posts` wakes only those that post: if fifty people
    start runs each second, each step would otherwise make three more workers ask Redis in vain, which delays the
    acknowledgements of their commands.
    """

    async def job(lease: Lease) -> None:
        log_member(due.name, lease.member)
        wakes = wake
        try:
            async with keep_lease(due, lease):
                if await advance(lease) and wake_posts is not None:
                    wakes = wake_posts
        finally:
            wakes()

    async def claim() -> Work:
        # One member per claim: its lease is renewed, moved and finished separately. The job begins before the next
        # claim, so a failed claim loses nothing that was claimed earlier, and a worker never exceeds its number of
        # jobs.
        claimed = await due.claim(1)
        if claimed.lease is None:
            return Work(wait_s=claimed.wait_s)
        return Work((job(claimed.lease),), claimed.wait_s)

    return claim


def claim_many(
    due: DueSet, advance: Callable[[Lease], Awaitable[bool]], wake: Wake, *, most: int, soon_s: float
) -> Callable[[], Awaitable[Work]]:
    """Claim up to `most` members per job, all served by one request to Bolt."""

    async def job(lease: Lease) -> None:
        async with keep_lease(due, lease):
            changed = await advance(lease)
        if changed:
            wake()

    async def claim() -> Work:
        claimed = await due.claim(most, soon_s=soon_s)
        if claimed.lease is None:
            return Work(wait_s=claimed.wait_s)
        return Work((job(claimed.lease),), claimed.wait_s)

    return claim


def claim_batch(
    due: DueSet, follow: RunPoller, wake: Wake, *, batch: Callable[[], int], soon_s: float
) -> Callable[[], Awaitable[Work]]:
    """Claim one batch of polls per job. Members due within `soon_s` are included in a request that goes out anyway."""

    async def job(lease: Lease, claimed_us: int, rows: tuple[tuple[str, ...], ...]) -> None:
        async with keep_lease(due, lease):
            changed = await follow.poll_runs(lease, claimed_us, rows)
        # Most polls return nothing new, so other workers have nothing to do.
        if changed:
            wake()

    async def claim() -> Work:
        claimed = await due.claim(batch(), soon_s=soon_s, fields=FIELDS)
        if claimed.lease is None:
            return Work(wait_s=claimed.wait_s)
        return Work((job(claimed.lease, claimed.at_us, claimed.rows),), claimed.wait_s)

    return claim


def claim_edit(lane: EditLane, show: CardEditor, wake: Wake) -> Callable[[], Awaitable[Work]]:
    """Claim one card edit per job. A start may wait for the edit of an incident's message."""

    async def job(lease: Lease, item: str, urgency: str) -> None:
        await show.edit_card(lease, item)
        if urgency == "incident":
            wake()

    async def claim() -> Work:
        taken = await lane.claim()
        if taken.lease is None:
            return Work(wait_s=taken.wait_s)
        return Work((job(taken.lease, taken.item, taken.urgency),))

    return claim


def claim_post(lane: PostLane, tell: PostDeliverer, wake: Wake) -> Callable[[], Awaitable[Work]]:
    """Claim one post per job."""

    async def job(lease: Lease, item: str, urgency: str, channel: str) -> None:
        try:
            await tell.deliver_post(lease, item, urgency, channel)
        finally:
            wake()

    async def claim() -> Work:
        taken = await lane.claim()
        if taken.lease is None:
            return Work(wait_s=taken.wait_s)
        return Work((job(taken.lease, taken.item, taken.urgency, taken.channel),))

    return claim
