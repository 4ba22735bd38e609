"""The workers of a process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from bot.workers.lookout import Lookout
from bot.workers.pool import WorkerPool
from bot.workers.worker import ReportFault, Work, Worker
from tests.waiting import PATIENCE_S
from tests.workers.test_worker import Incidents


class Killed(BaseException):
    """An error that no loop survives."""


async def idle() -> Work:
    """Find nothing to do."""
    return Work()


def worker(name: str, claim: object = idle, most: int = 1) -> Worker:
    """A worker for a pool."""
    return Worker(name, claim, most=most, report_fault=Incidents())  # type: ignore[arg-type]  # some never return


async def nothing_due() -> Mapping[str, float]:
    """Nothing is due in any set."""
    return {}


def pool_of(workers: Mapping[str, Worker], report: ReportFault | None = None) -> WorkerPool:
    """A pool of workers that find no work."""
    report = report or Incidents()
    return WorkerPool(workers, Lookout(nothing_due, workers, report, asyncio.Event()), report)


async def test_a_worker_that_dies_is_noticed() -> None:
    """A worker that dies is reported with its reason, because its runs would silently stop being updated."""
    incidents = Incidents()

    async def dies() -> Work:
        raise Killed

    pool = pool_of({"polls": worker("polls", dies), "ends": worker("ends")}, incidents)
    pool.start()
    async with asyncio.timeout(PATIENCE_S):
        said = await pool.died()
    assert said == 'The worker "polls" stopped unexpectedly (reference 7f3a).'
    assert [(where, type(error)) for where, error in incidents.seen] == [("worker polls", Killed)]
    assert await pool.stop(time.monotonic() + 5) == 0


async def test_stopping_a_pool_takes_no_longer_than_it_may() -> None:
    """Stopping a pool takes no longer than allowed, even if claims and jobs hang; cancelled jobs are counted."""
    claiming, begun = asyncio.Event(), asyncio.Event()

    async def hangs() -> Work:
        claiming.set()
        await asyncio.Event().wait()
        return Work()

    async def job() -> None:
        begun.set()
        await asyncio.Event().wait()

    async def full() -> Work:
        return Work((job(),))

    pool = pool_of({"polls": worker("polls", hangs), "ends": worker("ends", full)})
    pool.start()
    async with asyncio.timeout(PATIENCE_S):
        await claiming.wait()
        await begun.wait()
        assert await pool.stop(time.monotonic() + 0.05) == 1


async def test_a_pool_that_never_started_stops() -> None:
    """A pool that never started can be stopped."""
    assert await pool_of({"ends": worker("ends")}).stop(time.monotonic()) == 0


async def test_a_lookout_that_dies_is_noticed() -> None:
    """A lookout that dies is reported, because other processes' work would wait for half a minute."""
    incidents = Incidents()

    async def dies() -> Mapping[str, float]:
        raise Killed

    workers = {"ends": worker("ends")}
    pool = WorkerPool(workers, Lookout(dies, workers, incidents, asyncio.Event()), incidents)
    pool.start()
    async with asyncio.timeout(PATIENCE_S):
        said = await pool.died()
    assert said == 'The worker "lookout" stopped unexpectedly (reference 7f3a).'
    assert await pool.stop(time.monotonic() + 5) == 0
