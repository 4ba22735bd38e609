"""The worker loop, shared by every kind of work: claim, do, finish, drain.

The job itself is a flow: `bot.wiring.work_table` lists them. `bot.flows.lease` decides how long a claim lasts.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import structlog
from prometheus_client import Counter, Gauge

from bot.core.model.errors import StoreFault, StoreUnavailable
from bot.flows.finish_tasks import finish_or_cancel

log = structlog.get_logger()

# A worker sleeps until its set's next due time, but no longer than this. Work that another replica adds in the
# meantime is noticed by the lookout (`bot.workers.lookout`).
LONGEST_SLEEP_S = 30.0
FAULT_AGAIN_S = 1.0
STORE_AWAY_S = 0.5

JOBS = Counter("bolt_bot_jobs", "Jobs that a worker has finished.", ("worker",))
FAULTS = Counter("bolt_bot_job_faults", "Unexpected errors in a worker's jobs.", ("worker",))
BUSY = Gauge("bolt_bot_jobs_under_way", "Jobs that a worker is working on.", ("worker",))

Job = Coroutine[Any, Any, None]


@dataclass(frozen=True, slots=True)
class Work:
    """The result of a claim: jobs to do now, and the seconds until the next one is due.

    `wait_s` is None if that time is unknown. If there were jobs, the worker claims again at once.
    """

    jobs: tuple[Job, ...] = ()
    wait_s: float | None = None


Claim = Callable[[], Awaitable[Work]]
ReportFault = Callable[[str, BaseException], str]
# Returns when a claim may begin.
Lull = Callable[[], Awaitable[None]]


async def _no_wait() -> None:
    """Claim at once."""


class Worker:
    """Claims work and does it, at most `most` jobs at a time.

    A failed job's lease expires, and the next process to claim the job continues from what is recorded.

    Before each claim it waits for a `lull`, so that its work doesn't delay the acknowledgements of people's requests.
    """

    def __init__(self, name: str, claim: Claim, *, most: int, report_fault: ReportFault, lull: Lull = _no_wait) -> None:
        self.name = name
        self._lull = lull
        self._claim = claim
        self._most = most
        self._report_fault = report_fault
        self._wake = asyncio.Event()
        # Set when a job ends, and by `stop`: a full worker waits for whichever comes first.
        self._room = asyncio.Event()
        self._sleeping: asyncio.Timeout | None = None
        self._stopping = False
        self._jobs: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Claim at once, because this process has added work."""
        self._wake.set()

    def look_by(self, when: float) -> None:
        """Claim no later than `when`, by the event loop's clock, because something is due then."""
        sleeping = self._sleeping
        if sleeping is not None and not sleeping.expired() and when < (sleeping.when() or 0.0):
            sleeping.reschedule(when)

    @property
    def busy(self) -> int:
        """Return the number of running jobs."""
        return len(self._jobs)

    async def run(self) -> None:
        """Work until `stop`."""
        while not self._stopping:
            await self._lull()
            if self._stopping:
                break
            self._wake.clear()
            work = await self._look()
            for job in work.jobs:
                self._begin(job)
            if len(self._jobs) >= self._most:
                await self._until_room()
            elif not work.jobs or work.wait_s is not None:
                await self._sleep(work.wait_s)

    def stop(self) -> None:
        """Stop claiming. `run` returns without waiting for running jobs; `drain` does that."""
        self._stopping = True
        self._wake.set()
        self._room.set()

    async def drain(self, within_s: float) -> int:
        """Wait for running jobs and cancel those that are late. Returns their number."""
        return await finish_or_cancel(self._jobs, within_s)

    async def _look(self) -> Work:
        try:
            return await self._claim()
        except StoreFault:
            return Work(wait_s=FAULT_AGAIN_S)
        except StoreUnavailable:
            return Work(wait_s=STORE_AWAY_S * random.uniform(1, 2))  # noqa: S311 - only spreads replicas
        except Exception as error:  # noqa: BLE001 - a dead worker stops every run; errors are logged
            self._report_fault(f"claiming {self.name}", error)
            return Work(wait_s=FAULT_AGAIN_S)

    async def _until_room(self) -> None:
        while len(self._jobs) >= self._most and not self._stopping:
            self._room.clear()
            await self._room.wait()

    def _begin(self, job: Job) -> None:
        task = asyncio.create_task(self._do(job), name=self.name)
        self._jobs.add(task)
        BUSY.labels(self.name).set(len(self._jobs))
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._jobs.discard(task)
        BUSY.labels(self.name).set(len(self._jobs))
        JOBS.labels(self.name).inc()
        # A finished job often makes the next item of the same set due.
        self._wake.set()
        self._room.set()

    async def _do(self, job: Job) -> None:
        try:
            await job
        except StoreFault:
            # The fault is in the log already. The job's lease expires.
            FAULTS.labels(self.name).inc()
        except StoreUnavailable:
            log.debug("a job couldn't reach Redis; its lease will expire", worker=self.name)
        except Exception as error:  # noqa: BLE001 - as above
            FAULTS.labels(self.name).inc()
            self._report_fault(self.name, error)

    async def _sleep(self, wait_s: float | None) -> None:
        longest = LONGEST_SLEEP_S if wait_s is None else min(LONGEST_SLEEP_S, wait_s)
        if longest <= 0:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest) as self._sleeping:
                await self._wake.wait()
        self._sleeping = None
