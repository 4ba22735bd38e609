"""Look at all due sets and lanes with one request, and wake the workers of those with something due.

The lookout looks every second while there's work, and less often while this process neither creates nor finds any: an
idle bot's main cost is waking up.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping

from bot.core.model.errors import StoreUnavailable
from bot.workers.worker import ReportFault, Worker

# Work that this process has created without waking a worker begins at most this much later.
LOOK_S = 1.0
# Another process does its own work unless it dies or is busy: then that work begins at most this much later.
IDLE_LOOK_S = 5.0

# Returns the seconds until something is due, by the name of each worker that has anything to wait for.
NextDue = Callable[[], Awaitable[Mapping[str, float]]]


class Lookout:
    """Tells workers when they have work, so that idle workers don't have to ask Redis.

    `worked` is set by scripts that may create work. Once it's set, the lookout looks within `every_s` seconds. It also
    looks every `every_s` seconds while anything is due, and otherwise every `idle_s`.
    """

    def __init__(
        self,
        next_due: NextDue,
        workers: Mapping[str, Worker],
        report_fault: ReportFault,
        worked: asyncio.Event,
        *,
        every_s: float = LOOK_S,
        idle_s: float = IDLE_LOOK_S,
    ) -> None:
        self._next_due = next_due
        self._workers = workers
        self._report_fault = report_fault
        self._worked = worked
        self._every_s = every_s
        self._idle_s = idle_s

    async def run(self) -> None:
        """Look until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            # Cleared first: work that is added during a look may be too late for it.
            self._worked.clear()
            idle = await self._look()
            looked = loop.time()
            if idle:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(looked + self._idle_s):
                        await self._worked.wait()
            await asyncio.sleep(looked + self._every_s - loop.time())

    async def _look(self) -> bool:
        """Look once. Returns whether nothing is due within `every_s`."""
        began = asyncio.get_running_loop().time()
        try:
            due = await self._next_due()
        except StoreUnavailable:
            return False
        except Exception as error:  # noqa: BLE001 - without it, nobody would see other processes' work
            self._report_fault("looking for work", error)
            return False
        for name, wait_s in due.items():
            self._workers[name].look_by(began + wait_s)
        return min(due.values(), default=self._idle_s) > self._every_s
