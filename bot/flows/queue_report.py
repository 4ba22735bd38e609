"""Queueing a channel's digest when its time has come: once a date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from bot.core.watching.report_time import is_wanted, last_slot, next_slot
from bot.flows.lease import Lease
from bot.flows.ports.store import Due
from bot.flows.ports.watch_store import Discovery, Reports

log = structlog.get_logger()

# A digest waits for a listing that is newer than its time by SETTLED, so that what ended before is counted. It waits
# no longer than WAITED for that, and says then since when Bolt can't be read.
SETTLED = timedelta(seconds=30)
AGAIN = timedelta(seconds=15)
WAITED = timedelta(hours=1)


class ReportClock:
    """Queues digests of claimed channels."""

    def __init__(self, reports: Reports, discovery: Discovery, due: Due, *, now: Callable[[], datetime]) -> None:
        self._reports = reports
        self._discovery = discovery
        self._due = due
        self._now = now

    async def queue_report(self, lease: Lease) -> None:
        """Queue the claimed channel's digest if it's due, and make the channel due at the next time."""
        channel, now = lease.member, self._now()
        report = await self._reports.load_report(channel)
        if report is None:
            await self._due.finish(lease)
            return
        slot = last_slot(report, now)
        if not is_wanted(report, slot, now):
            await self._reports.wait(lease, next_slot(report, now).at)
            return
        listed_at = await self._discovery.listed_at()
        if (listed_at is None or listed_at < slot.at + SETTLED) and now - slot.at < WAITED:
            await self._reports.wait(lease, now + AGAIN)
            return
        if await self._reports.queue_report(lease, channel, slot.day.isoformat(), next_slot(report, now).at):
            log.info("a digest is due", channel=channel, date=slot.day.isoformat())
