"""Noticing gaps: more than ten minutes in which schedules couldn't be listed, because Bolt or the bot was unavailable.

`bot.flows.advance_gap` decides when a gap is reported, and the wording is in `bot.core.views.listing_gap`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from bot.core.model.errors import BoltError
from bot.core.model.listing_gap import GAP_AFTER
from bot.core.text.text import cut
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.watch_store import Discovery, ListingGaps

log = structlog.get_logger()

WHY_SHOWN = 200


class GapWatcher:
    """Compares each listing with the one before. `mask` is applied to Bolt's words."""

    def __init__(self, bolt: Bolt, discovery: Discovery, gaps: ListingGaps, *, mask: Callable[[str], str]) -> None:
        self._bolt = bolt
        self._discovery = discovery
        self._gaps = gaps
        self._mask = mask

    async def note_failure(self, error: BoltError) -> None:
        """Record that schedules couldn't be listed. After ten minutes, each watching channel is told."""
        await self._gaps.note_failure(self._bolt.time(), cut(self._mask(error.sentence), WHY_SHOWN))

    async def note_listing(self, at: datetime, slugs: Sequence[str]) -> None:
        """If a complete listing is the first after a gap, start looking for the runs that the gap hid."""
        before = await self._discovery.listed_at()
        if before is not None and at - before > GAP_AFTER:
            log.warning("schedules weren't listed for a long time", since=before.isoformat(), until=at.isoformat())
            await self._gaps.begin_collecting(before, at, slugs)
