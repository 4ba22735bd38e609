"""All workers of a process: started together, supervised, and stopped within a time limit.

`bot.app` decides how long stopping may take.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import structlog

from bot.flows.finish_tasks import cancel_until_done
from bot.workers.lookout import Lookout
from bot.workers.worker import ReportFault, Worker

log = structlog.get_logger()

# How long a claim in progress may take at shutdown. Its jobs are drained with the rest.
CLAIM_S = 2.0
LOOKOUT = "lookout"


class WorkerPool:
    """Runs workers and the lookout that wakes them.

    Their loops survive every error of a claim or a job, so a loop that ends by itself is a bug.
    """

    def __init__(self, workers: Mapping[str, Worker], lookout: Lookout, report_fault: ReportFault) -> None:
        self._workers = workers
        self._lookout = lookout
        self._report_fault = report_fault
        self._running: dict[asyncio.Task[None], str] = {}

    def start(self) -> None:
        """Start every worker, and the lookout."""
        loops = {name: worker.run() for name, worker in self._workers.items()} | {LOOKOUT: self._lookout.run()}
        self._running = {asyncio.create_task(loop, name=name): name for name, loop in loops.items()}

    async def died(self) -> str:
        """Wait until a worker ends without being stopped. Logs the cause, and returns one plain sentence."""
        ended, _ = await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        task = ended.pop()
        name = self._running[task]
        why = asyncio.CancelledError() if task.cancelled() else task.exception()
        reference = self._report_fault(f"worker {name}", why or RuntimeError("its loop returned"))
        return f'The worker "{name}" stopped unexpectedly (reference {reference}).'

    async def stop(self, until: float) -> int:
        """Stop claiming and finish the running jobs until `until` on the monotonic clock.

        Returns how many jobs were cancelled; another process takes them over.
        """
        for task, name in self._running.items():
            if name == LOOKOUT:
                task.cancel()
        for worker in self._workers.values():
            worker.stop()
        if self._running:
            _, stuck = await asyncio.wait(self._running, timeout=min(CLAIM_S, _left(until)))
            for task in stuck:
                log.warning("a claim didn't return in time", worker=self._running[task])
            await cancel_until_done(stuck)
        return sum(await asyncio.gather(*(worker.drain(_left(until)) for worker in self._workers.values())))


def _left(until: float) -> float:
    return max(0.0, until - time.monotonic())
