"""Slow runs: each is checked when it may have become slow, and reported once in each channel that watches for it.

`bot.core.watching.slow` decides when a run counts as slow, and the wording is in `bot.core.views.notice`.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from bot.core.model.notice import Notice
from bot.core.model.run import Run, RunKey, is_final
from bot.core.model.run_end import WatchedSchedule
from bot.core.model.watch import Watch
from bot.core.watching.slow import limit_of, slow_notice
from bot.flows.discover_schedules import CoverCache
from bot.flows.lease import Lease
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.store import Runs
from bot.flows.ports.watch_store import Discovery, SlowChecks, Watches
from bot.flows.watch_permissions import WatchPermissions

log = structlog.get_logger()

SOON_S = 1.0


class SlowRunChecker:
    """Checks one active run at a time."""

    def __init__(
        self,
        bolt: Bolt,
        watches: Watches,
        discovery: Discovery,
        runs: Runs,
        checks: SlowChecks,
        permissions: WatchPermissions,
    ) -> None:
        self._bolt = bolt
        self._watches = watches
        self._discovery = discovery
        self._runs = runs
        self._checks = checks
        self._permissions = permissions
        self._covers = CoverCache()

    async def check_run(self, lease: Lease) -> None:
        """Check the claimed run, report it in channels where it's slow, and plan the next check for the others."""
        run = await self._runs.load_run(RunKey.parse(lease.member))
        if run is None or run.end is not None or is_final(run.seen.state) or run.facts.asked_at is None:
            await self._checks.checked(lease, (), again_s=None)
            return
        slug = run.facts.slug
        record = (await self._discovery.load_schedules([slug])).get(slug)
        covers = self._covers.of(await self._watches.all_watches())
        deciding = (await self._permissions.deciding(covers, record.schedule))[0] if record else {}
        if record is None or not deciding:
            await self._checks.checked(lease, (), again_s=None)
            return
        began = run.started_at or run.facts.asked_at
        age_s = (self._bolt.time() - began).total_seconds()
        limits = {watch.channel: limit_of(run, watch, record.schedule) for watch in deciding.values()}
        slow = [watch for watch in deciding.values() if (limits[watch.channel] or age_s + 1) <= age_s]
        later = [limit - age_s for limit in limits.values() if limit is not None and limit > age_s]
        notices = await self._notices(run, slow, record.schedule, began)
        if await self._checks.checked(lease, notices, again_s=max(SOON_S, min(later)) if later else None):
            log.info("a run is slow", run=run.id, schedule=slug, channels=[one.channel for one in notices])

    async def _notices(
        self, run: Run, watches: list[Watch], schedule: WatchedSchedule, began: datetime
    ) -> list[Notice]:
        cards = await self._runs.cards_of(run.key) if watches else {}
        return [
            slow_notice(
                run,
                watch,
                schedule,
                began,
                thread=cards[watch.channel].ts if watch.channel in cards else "",
            )
            for watch in watches
        ]
