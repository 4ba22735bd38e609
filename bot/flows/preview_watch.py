"""Reading the newest runs of a watch's schedules, to say what it would have reported: bounded in number and time.

`bot.core.watching.preview` replays them, and the wording is in `bot.core.views.watches`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from bot.core.model.bolt import Schedule
from bot.core.model.errors import BoltError
from bot.core.model.watch import Watch
from bot.core.watching.preview import Preview, Previewed, preview, replay, watched
from bot.flows.ports.bolt import Bolt

log = structlog.get_logger()

SCHEDULES_MOST = 25
RUNS_MOST = 100
AT_ONCE = 5
WITHIN_S = 4.0


class WatchPreviewer:
    """Replays a watch over the runs of the last seven days."""

    def __init__(self, bolt: Bolt, *, now: Callable[[], datetime], within_s: float = WITHIN_S) -> None:
        self._bolt = bolt
        self._now = now
        self._within_s = within_s

    async def preview(self, watch: Watch, schedules: Sequence[Schedule]) -> Preview:
        """The reports that the watch would have made, from the runs that could be read in time."""
        told: list[Previewed] = []
        slots = asyncio.Semaphore(AT_ONCE)

        async def read(schedule: Schedule) -> None:
            async with slots:
                try:
                    runs = await self._bolt.runs(schedule.slug, RUNS_MOST)
                except BoltError as error:
                    log.info("a watch's preview lacks a schedule's runs", slug=schedule.slug, why=str(error))
                    return
            told.append(replay(watch, watched(schedule), runs, self._now(), RUNS_MOST))

        try:
            async with asyncio.timeout(self._within_s):
                await asyncio.gather(*(read(one) for one in _sample(schedules)))
        except TimeoutError:
            log.info("a watch's preview covers only some of its schedules", read=len(told), of=len(schedules))
        return preview(told, len(schedules))


def _sample(schedules: Sequence[Schedule]) -> list[Schedule]:
    """Some of the schedules, spread evenly over the list."""
    count = len(schedules)
    if count <= SCHEDULES_MOST:
        return list(schedules)
    return [schedules[at * count // SCHEDULES_MOST] for at in range(SCHEDULES_MOST)]
