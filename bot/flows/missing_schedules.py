"""Watched schedules that are missing from the listing: removed from Bolt, or only inactive, or hidden for a moment.

`bot.flows.close_unwatched_incidents` closes their incidents.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import structlog

from bot.core.model.errors import BoltError, BoltInvalidQuery, BoltRejected
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.watch_store import Discovery

log = structlog.get_logger()

# A schedule has to be missing from two complete listings that are at least this far apart.
MISSING_FOR = timedelta(minutes=10)


class MissingSchedules:
    """Finds out which missing schedules were removed: none of them, unless Bolt gives a clear answer."""

    def __init__(self, bolt: Bolt, discovery: Discovery) -> None:
        self._bolt = bolt
        self._discovery = discovery

    async def removed(self, missing: Collection[str], at: datetime) -> list[str]:
        """Return which of the schedules that are missing from a listing, made at `at`, were removed from Bolt."""
        since = await self._discovery.missing_since()
        await self._discovery.note_missing(
            {slug: at for slug in missing if slug not in since}, [slug for slug in since if slug not in missing]
        )
        long_missing = [slug for slug in missing if slug in since and at - since[slug] >= MISSING_FOR]
        if not long_missing:
            return []
        gone = []
        try:
            inactive = {one.slug for one in await self._bolt.schedules(inactive=True)}
            gone = [slug for slug in long_missing if slug not in inactive and not await self._exists(slug)]
        except BoltError as away:
            log.info("can't find out whether schedules were removed", why=str(away))
        # Schedules that still exist count as missing only from now, so they aren't checked again too soon.
        await self._discovery.note_missing({slug: at for slug in long_missing if slug not in gone}, gone)
        return gone

    async def _exists(self, slug: str) -> bool:
        try:
            await self._bolt.schedule(slug)
        except BoltInvalidQuery:
            return True
        except BoltRejected:
            log.info("a watched schedule was removed from Bolt", schedule=slug)
            return False
        return True
