"""The list of schedules, remembered for a while: people type names, and Bolt's list may be long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from bot.core.bolt import Schedule
from bot.core.suggest import Ambiguous, Missing, find
from bot.flows.ports import Bolt


class Catalog:
    """A cached list of schedules. What is not in it is looked for in a fresh one before it is called missing."""

    def __init__(self, bolt: Bolt, *, fresh_for_s: float = 60, clock: Callable[[], float] = time.monotonic) -> None:
        self._bolt = bolt
        self._fresh_for_s = fresh_for_s
        self._clock = clock
        self._schedules: list[Schedule] = []
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def find(self, wanted: str) -> Schedule | Ambiguous | Missing:
        """The schedule of a name or slug. Raises BoltError where the list cannot be read."""
        found = find(wanted, await self._list(self._fresh_for_s))
        if isinstance(found, Missing) and self._age() > 1:
            found = find(wanted, await self._list(1))
        return found

    async def all(self) -> list[Schedule]:
        """Every active schedule, as Bolt told a minute ago at most. Raises BoltError where the list cannot be read."""
        return list(await self._list(self._fresh_for_s))

    def forget(self) -> None:
        """Something was changed: the list is read anew when it is next asked for."""
        self._read_at = float("-inf")

    async def _list(self, fresh_for_s: float) -> list[Schedule]:
        async with self._reading:
            if self._age() > fresh_for_s:
                self._schedules = await self._bolt.schedules()
                self._read_at = self._clock()
            return self._schedules

    def _age(self) -> float:
        return self._clock() - self._read_at
