"""A cached list of schedules: people type names, and Bolt's list may be long.

While it's in use, it's kept fresh: after half its lifetime it's read again in the background, one read at a time, so
that callers don't wait. If Bolt is down, the last list remains available for reading.

Watched schedules are listed apart from it, by `bot.flows.discover_schedules`.
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
from bot.flows.finish_tasks import cancel_until_done
from bot.flows.ports.bolt import Bolt

# Before a schedule is reported missing, the list must be at most this old.
SURE_S = 1.0
FAILED_AGAIN_S = 5.0


@dataclass(frozen=True, slots=True)
class CatalogSnapshot:
    """The last list, as Bolt returned it at `at` (None if it never did).

    `late`: it's older than it should be, because Bolt doesn't respond. `sure`: it's as fresh as requested.
    """

    index: Index = field(default_factory=Index)
    at: datetime | None = None
    late: bool = False
    sure: bool = False


class ScheduleCatalog:
    """A cached list of schedules. Before a schedule is reported missing, the list is read again."""

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

    async def find_schedule(self, schedule_text: str) -> Schedule | Ambiguous | Missing:
        """Find a schedule by name or slug. Raises BoltError if the list can't be read."""
        found = find_schedule(schedule_text, await self._list(self._fresh_for_s))
        if isinstance(found, Missing) and self._age() > SURE_S:
            found = find_schedule(schedule_text, await self._list(SURE_S))
        return found

    async def all_schedules(self, *, sure: bool = False) -> list[Schedule]:
        """All active schedules, at most a minute old, or at most a second old if `sure`.

        Raises BoltError if they can't be read.
        """
        return list(await self._list(SURE_S if sure else self._fresh_for_s))

    async def snapshot(self, *, within_s: float = 0, refresh: bool = False) -> CatalogSnapshot:
        """The last list, whatever its age.

        If it's too old or missing, a new list is awaited for at most `within_s` seconds. `refresh`: a list is too old
        after a second, because the caller didn't find something in it.
        """
        self.refresh_soon()
        called_at, most_s = self._clock(), SURE_S if refresh else self._fresh_for_s
        if refresh and self._age() > most_s:
            self._read_anew()
        if self._reading is not None and self._age() > most_s:
            await asyncio.wait({self._reading}, timeout=within_s)
        late = self._age() > self._fresh_for_s and self._failed_at > self._read_at
        return CatalogSnapshot(self._index, self._at, late, sure=self._read_at >= called_at - most_s)

    def refresh_soon(self) -> None:
        """Read the list in the background, unless it's fresh."""
        rested = self._clock() - self._failed_at > FAILED_AGAIN_S
        if rested and self._age() > self._fresh_for_s / 2:
            self._read_anew()

    async def close(self) -> None:
        """Cancel a read in progress."""
        if self._reading is not None:
            await cancel_until_done([self._reading])

    def last_list(self) -> tuple[list[Schedule], datetime | None]:
        """The last list, whatever its age, and when Bolt returned it (None if it never did)."""
        return list(self._schedules), self._at

    def slug_of(self, schedule_text: str) -> str:
        """The slug of the schedule with this name or slug in the last list; empty unless exactly one has it."""
        found = schedules_called(schedule_text, self._schedules)
        return found[0].slug if len(found) == 1 else ""

    def forget(self) -> None:
        """Invalidate the list after a change.

        The list is read again when it's next needed, and a read in progress counts as outdated.
        """
        self._read_at, self._changed_at = float("-inf"), self._clock()

    async def _list(self, fresh_for_s: float) -> list[Schedule]:
        self.refresh_soon()
        called_at = self._clock()
        # A read that began earlier may be too old as well, but the one after it isn't.
        while self._read_at < called_at - fresh_for_s:
            # The caller may be cancelled, but the read is shared.
            await asyncio.shield(self._read_anew())
        return self._schedules

    def _read_anew(self) -> asyncio.Task[None]:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
            # There may be no caller to receive a failure, and failing only means that the old list stays in use.
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
