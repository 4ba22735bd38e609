"""Counts of ends, by day and schedule. The script that accounts for an end adds to these counts.

`bot.core.watching.tally` decides which ends and slots are counted.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.watching.tally import Day
from bot.store.scripts import Scripts

# How many days are read with one request.
READ_TOGETHER = 500


class Tallies:
    """Implements the flows' `Tallies` port."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def load_days(self, names: Sequence[str], days: Sequence[str]) -> dict[str, dict[str, Day]]:
        """Load the counts of schedules, by name and day. Schedules and days without counts are left out."""
        wanted = [(name, day) for name in names for day in days]
        found: dict[str, dict[str, Day]] = {}
        for first in range(0, len(wanted), READ_TOGETHER):
            part = wanted[first : first + READ_TOGETHER]
            pipeline = self._scripts.redis.pipeline(transaction=False)
            for name, day in part:
                pipeline.hgetall(self._scripts.key("discovery", "counted", day, name))
            rows = await self._scripts.ask(pipeline.execute())
            for (name, day), fields in zip(part, rows, strict=True):
                if fields:
                    found.setdefault(name, {})[day] = {one: int(count) for one, count in fields.items()}
        return found
