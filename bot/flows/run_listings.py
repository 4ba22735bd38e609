"""Listings of schedules' newest runs, requested once for many simultaneous callers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar, cast

from bot.core.model.bolt import RunSummary
from bot.core.model.errors import BoltError
from bot.flows.ports.bolt import Bolt

T = TypeVar("T")

LISTED = 50
FRESH_S = 1.0
KEPT_S = 2.0


@dataclass(slots=True)
class _Listing:
    """A schedule's newest runs, requested at `began` on the monotonic clock, or the error."""

    began: float = float("-inf")
    runs: dict[int, RunSummary] = field(default_factory=dict)
    failed: BoltError | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    # The result computed from these runs, or empty until it's computed.
    results: tuple[object, ...] = ()

    def told(self) -> dict[int, RunSummary]:
        """The runs by id. Raises the stored BoltError instead, if there is one."""
        if self.failed is not None:
            raise self.failed
        return self.runs


class RunListings:
    """Listings that are at most a moment old."""

    def __init__(self, bolt: Bolt, clock: Callable[[], float] = time.monotonic) -> None:
        self._bolt = bolt
        self._clock = clock
        self._listings: dict[str, _Listing] = {}

    async def newest_runs(self, slug: str) -> list[RunSummary]:
        """The newest runs, newest first, at most a second old. Raises BoltError."""
        called_at = self._clock()
        listing = self._of(slug, called_at)
        async with listing.lock:
            if listing.began < called_at - FRESH_S:
                await self._ask(slug, listing)
            return list(listing.told().values())

    async def newest_with(
        self, slug: str, work_out: Callable[[list[RunSummary]], Awaitable[T]]
    ) -> tuple[list[RunSummary], T]:
        """The newest runs as in `newest_runs`, and the result of `work_out` for them, computed once per listing.

        Without this, fifty starts a second would each query Redis twice about the same fifty runs. All callers have to
        pass the same `work_out`. Raises BoltError, and the errors of `work_out`.
        """
        called_at = self._clock()
        listing = self._of(slug, called_at)
        async with listing.lock:
            if listing.began < called_at - FRESH_S:
                await self._ask(slug, listing)
            runs = list(listing.told().values())
            if not listing.results:
                listing.results = (await work_out(runs),)
            return runs, cast("T", listing.results[0])

    async def runs_with_ended(self, slug: str, run_id: int) -> list[RunSummary]:
        """The newest runs, newest first; this run, if it's among them, is listed as ended. Raises BoltError."""
        called_at = self._clock()
        listing = self._of(slug, called_at)
        async with listing.lock:
            found = listing.runs.get(run_id)
            # A listing requested after this call began is up to date, even if it doesn't contain the run.
            if listing.began < called_at and (found is None or found.ended_at is None):
                await self._ask(slug, listing)
            return list(listing.told().values())

    def _of(self, slug: str, now: float) -> _Listing:
        self._forget(now)
        return self._listings.setdefault(slug, _Listing())

    async def _ask(self, slug: str, listing: _Listing) -> None:
        """Request the listing. Waiting callers share the answer.

        They share an error too, so that a service that's down gets one query instead of one from each caller.
        """
        listing.began, listing.runs, listing.failed, listing.results = self._clock(), {}, None, ()
        try:
            listing.runs = {one.id: one for one in await self._bolt.runs(slug, LISTED)}
        except BoltError as failed:
            listing.failed = failed
        except BaseException:
            # The call was cancelled, or hit a bug. There's no answer, so the next caller asks again.
            listing.began = float("-inf")
            raise

    def _forget(self, now: float) -> None:
        old = [slug for slug, one in self._listings.items() if one.began < now - KEPT_S and not one.lock.locked()]
        for slug in old:
            del self._listings[slug]
