"""Queueing a channel's digest when its time has come: once per date.

`bot.core.watching.digest_time` decides when that is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from bot.core.watching.digest_time import is_wanted, last_slot, next_slot
from bot.flows.lease import Lease
from bot.flows.ports.store import Due
from bot.flows.ports.watch_store import Digests, Discovery

log = structlog.get_logger()

# A digest waits for a listing that is at least SETTLED newer than the digest's time, so that all runs that ended before
# it are counted. It waits no longer than WAITED for such a listing, and then says when Bolt's runs were last read.
SETTLED = timedelta(seconds=30)
AGAIN = timedelta(seconds=15)
WAITED = timedelta(hours=1)


class DigestClock:
    """Queues digests of claimed channels."""

    def __init__(self, digests: Digests, discovery: Discovery, due: Due, *, now: Callable[[], datetime]) -> None:
        self._digests = digests
        self._discovery = discovery
        self._due = due
        self._now = now

    async def queue_digest(self, lease: Lease) -> None:
        """Queue the claimed channel's digest if it's due, and make the channel due at the next time."""
        channel, now = lease.member, self._now()
        digest = await self._digests.load_digest(channel)
        if digest is None:
            await self._due.finish(lease)
            return
        slot = last_slot(digest, now)
        if not is_wanted(digest, slot, now):
            await self._digests.wait(lease, next_slot(digest, now).at)
            return
        listed_at = await self._discovery.listed_at()
        if (listed_at is None or listed_at < slot.at + SETTLED) and now - slot.at < WAITED:
            await self._digests.wait(lease, now + AGAIN)
            return
        if await self._digests.queue_digest(lease, channel, slot.day.isoformat(), next_slot(digest, now).at):
            log.info("a digest is due", channel=channel, date=slot.day.isoformat())
