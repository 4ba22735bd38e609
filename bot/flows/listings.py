"""What only a schedule's listing tells of a run, asked for once where many runs of the schedule end together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.core.bolt import RunSummary
from bot.flows.ports import Bolt

LISTED = 50
FRESH_S = 2.0


@dataclass(slots=True)
class _Listing:
    """A schedule's newest runs, as asked for at `began` on the monotonic clock."""

    began: float = float("-inf")
    runs: dict[int, RunSummary] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Listings:
    """Listings that are a moment old at most."""

    def __init__(self, bolt: Bolt, clock: Callable[[], float] = time.monotonic) -> None:
        self._bolt = bolt
        self._clock = clock
        self._listings: dict[str, _Listing] = {}

    async def ended(self, slug: str, run_id: int) -> RunSummary | None:
        """A run that is over, None where it is not among the newest. Raises BoltError."""
        asked = self._clock()
        self._forget(asked)
        listing = self._listings.setdefault(slug, _Listing())
        async with listing.lock:
            found = listing.runs.get(run_id)
            # One that was asked for since is right even in that it does not know the run.
            if listing.began < asked and (found is None or found.ended_at is None):
                listing.began = self._clock()
                listing.runs = {one.id: one for one in await self._bolt.runs(slug, LISTED)}
            return listing.runs.get(run_id)

    def _forget(self, now: float) -> None:
        old = [slug for slug, one in self._listings.items() if one.began < now - FRESH_S and not one.lock.locked()]
        for slug in old:
            del self._listings[slug]
