"""The list of schedules, remembered for a while: people type names, and Bolt's list may be long.

While it is used it is kept fresh: past half its time it is read anew in the background, one reading at a time, so that
nobody waits for it. Where Bolt is away, the last list is still there for those who only want to look.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.core.model.bolt import Schedule
from bot.core.model.errors import BoltError
from bot.core.schedules.lookup import Ambiguous, Missing, find_schedule, schedules_called
from bot.core.schedules.typeahead import Index
from bot.flows.ports.bolt import Bolt

# What is missing in a list is looked for in one that is this young before it is called missing.
SURE_S = 1.0
FAILED_AGAIN_S = 5.0


@dataclass(frozen=True, slots=True)
class CatalogSnapshot:
    """The last list, to look at: as Bolt told it at `at`, None where it never did.

    `late`: it is older than it should be, because Bolt does not answer. `sure`: it is as young as was asked for.
    """

    index: Index = field(default_factory=Index)
    at: datetime | None = None
    late: bool = False
    sure: bool = False


class ScheduleCatalog:
    """A cached list of schedules. What is not in it is looked for in a fresh one before it is called missing."""

    def __init__(
        self,
        bolt: Bolt,
        *,
        fresh_for_s: float = 60,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._bolt = bolt
        self._fresh_for_s = fresh_for_s
        self._clock = clock
        self._now = now
        self._schedules: list[Schedule] = []
        self._index = Index()
        self._at: datetime | None = None
        self._read_at = float("-inf")
        self._failed_at = float("-inf")
        self._changed_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    async def find_schedule(self, wanted: str) -> Schedule | Ambiguous | Missing:
        """The schedule of a name or slug. Raises BoltError where the list cannot be read."""
        found = find_schedule(wanted, await self._list(self._fresh_for_s))
        if isinstance(found, Missing) and self._age() > SURE_S:
            found = find_schedule(wanted, await self._list(SURE_S))
        return found

    async def all_schedules(self, *, sure: bool = False) -> list[Schedule]:
        """Every active schedule, as Bolt told a minute ago at most; `sure`: a second ago. Raises BoltError if it can't be read."""
        return list(await self._list(SURE_S if sure else self._fresh_for_s))

    async def snapshot(self, *, within_s: float = 0, anew: bool = False) -> CatalogSnapshot:
        """The last list, whatever its age. One that is too old, or not there yet, is waited for so long at most.

        `anew`: one that is a second old is too old, as where something is missing in it.
        """
        self.refresh_soon()
        asked, most_s = self._clock(), SURE_S if anew else self._fresh_for_s
        if anew and self._age() > most_s:
            self._read_anew()
        if self._reading is not None and self._age() > most_s:
            await asyncio.wait({self._reading}, timeout=within_s)
        late = self._age() > self._fresh_for_s and self._failed_at > self._read_at
        return CatalogSnapshot(self._index, self._at, late, sure=self._read_at >= asked - most_s)

    def refresh_soon(self) -> None:
        """Read the list in the background, unless it is young."""
        rested = self._clock() - self._failed_at > FAILED_AGAIN_S
        if rested and self._age() > self._fresh_for_s / 2:
            self._read_anew()

    async def close(self) -> None:
        """Break off what is being read."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})

    def last_list(self) -> tuple[list[Schedule], datetime | None]:
        """The last list, whatever its age, and when Bolt told it; None where it never did."""
        return list(self._schedules), self._at

    def slug_of(self, wanted: str) -> str:
        """The slug of the schedule that a name or slug means, by the last list; empty if none, or more than one, is called that."""
        found = schedules_called(wanted, self._schedules)
        return found[0].slug if len(found) == 1 else ""

    def forget(self) -> None:
        """Something was changed: the list is read anew when it is next asked for, and what is being read is too old."""
        self._read_at, self._changed_at = float("-inf"), self._clock()

    async def _list(self, fresh_for_s: float) -> list[Schedule]:
        self.refresh_soon()
        asked = self._clock()
        # A reading that began before may be too old by itself; the one after it is not.
        while self._read_at < asked - fresh_for_s:
            # Whoever waits may be broken off; the reading is everyone's.
            await asyncio.shield(self._read_anew())
        return self._schedules

    def _read_anew(self) -> asyncio.Task[None]:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
            # Nobody may be waiting for it: then its failure is known by the list's age.
            self._reading.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._reading

    async def _read(self) -> None:
        began = self._clock()
        try:
            schedules = await self._bolt.schedules()
        except BoltError:
            self._failed_at = self._clock()
            raise
        self._schedules, self._index = schedules, Index.from_schedules(schedules)
        self._read_at, self._at = began if began >= self._changed_at else float("-inf"), self._now()

    def _age(self) -> float:
        return self._clock() - self._read_at
