"""Look at all due sets and lanes with one request a second, and wake the workers of those with something due."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from bot.core.model.errors import StoreUnavailable
from bot.workers.worker import ReportFault, Worker

# Work that another process has created begins at most this much later.
LOOK_S = 1.0

# Returns in how many seconds something is due, by the name of each worker that has anything to wait for.
NextDue = Callable[[], Awaitable[Mapping[str, float]]]


class Lookout:
    """Tells workers when they have work, so that none has to ask while there's none. It looks every `every_s` seconds."""

    def __init__(
        self,
        next_due: NextDue,
        workers: Mapping[str, Worker],
        report_fault: ReportFault,
        *,
        every_s: float = LOOK_S,
    ) -> None:
        self._next_due = next_due
        self._workers = workers
        self._report_fault = report_fault
        self._every_s = every_s

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self._look()
            await asyncio.sleep(self._every_s)

    async def _look(self) -> None:
        began = asyncio.get_running_loop().time()
        try:
            due = await self._next_due()
        except StoreUnavailable:
            return
        except Exception as error:  # noqa: BLE001 - without it, nobody would see other processes' work
            self._report_fault("looking for work", error)
            return
        for name, wait_s in due.items():
            self._workers[name].look_by(began + wait_s)
