"""The lookout: one request for all due sets, which wakes the workers that have something due."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping

from bot.core.model.errors import StoreUnavailable
from bot.workers.lookout import Lookout, NextDue
from bot.workers.worker import Work, Worker
from tests.waiting import PATIENCE_S
from tests.workers.test_worker import Incidents, turns


class Claims:
    """A worker's claims, which never find anything."""

    def __init__(self, wait_s: float | None = None) -> None:
        self.count = 0
        self.again = asyncio.Event()
        self._wait_s = wait_s

    async def __call__(self) -> Work:
        """Claim nothing."""
        self.count += 1
        if self.count > 1:
            self.again.set()
        return Work(wait_s=self._wait_s)


async def watched(claims: Mapping[str, Claims], next_due: NextDue, incidents: Incidents, until: asyncio.Event) -> None:
    """Put workers to sleep, then let the lookout look until something has happened."""
    workers = {name: Worker(name, claim, most=1, report_fault=incidents) for name, claim in claims.items()}
    loops = [asyncio.create_task(worker.run()) for worker in workers.values()]
    await turns()
    assert all(claim.count == 1 for claim in claims.values())
    looking = asyncio.create_task(Lookout(next_due, workers, incidents, asyncio.Event(), every_s=0.01).run())
    async with asyncio.timeout(PATIENCE_S):
        await until.wait()
    looking.cancel()
    for worker in workers.values():
        worker.stop()
    await asyncio.gather(*loops)


async def test_only_workers_with_something_due_are_woken() -> None:
    """Only workers with something due are woken."""
    claims = {"polls": Claims(), "ends": Claims(), "late": Claims()}

    async def next_due() -> Mapping[str, float]:
        return {"ends": -3.0, "late": 3600.0}

    await watched(claims, next_due, Incidents(), claims["ends"].again)
    assert (claims["polls"].count, claims["late"].count) == (1, 1)


async def test_a_worker_that_sleeps_longer_wakes_when_something_is_due() -> None:
    """A worker wakes when another process's work becomes due, not at its own next look."""
    claims = Claims()

    async def next_due() -> Mapping[str, float]:
        return {"ends": 0.01}

    await watched({"ends": claims}, next_due, Incidents(), claims.again)


async def test_a_worker_that_wakes_sooner_by_itself_is_left_alone() -> None:
    """A worker that will wake sooner by itself isn't woken: only its own claim knows which limits apply until then."""
    looked = asyncio.Event()
    claims = Claims(wait_s=5)

    async def next_due() -> Mapping[str, float]:
        looked.set()
        return {"ends": 10.0}

    await watched({"ends": claims}, next_due, Incidents(), looked)
    assert claims.count == 1


async def test_a_worker_that_is_not_asleep_needs_no_waking() -> None:
    """A worker that isn't asleep needs no waking."""
    worker = Worker("test", Claims(), most=1, report_fault=Incidents())
    worker.look_by(0)


async def test_the_lookout_survives_every_error() -> None:
    """The lookout survives a missing Redis and a bug in one look, which is reported."""
    claims, incidents, looks = Claims(), Incidents(), 0

    async def next_due() -> Mapping[str, float]:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise StoreUnavailable
        if looks == 2:
            raise RuntimeError
        return {"ends": 0.0}

    await watched({"ends": claims}, next_due, incidents, claims.again)
    assert [(where, type(error)) for where, error in incidents.seen] == [("looking for work", RuntimeError)]


async def looks(next_due: NextDue, worked: asyncio.Event, count: int, *, idle_s: float) -> list[float]:
    """Run a lookout until it has looked `count` times. Returns the pauses between its looks, in seconds."""
    loop, at, enough = asyncio.get_running_loop(), list[float](), asyncio.Event()

    async def noted() -> Mapping[str, float]:
        at.append(loop.time())
        if len(at) == count:
            enough.set()
        return await next_due()

    workers = {"ends": Worker("ends", Claims(), most=1, report_fault=Incidents())}
    looking = asyncio.create_task(Lookout(noted, workers, Incidents(), worked, every_s=0.01, idle_s=idle_s).run())
    async with asyncio.timeout(PATIENCE_S):
        await enough.wait()
    looking.cancel()
    return [after - before for before, after in itertools.pairwise(at)]


async def test_an_idle_process_looks_less_often() -> None:
    """The next look is put off for the idle interval if nothing is due before it."""

    async def next_due() -> Mapping[str, float]:
        return {"ends": 3600.0}

    assert min(await looks(next_due, asyncio.Event(), 4, idle_s=0.1)) > 0.09


async def test_work_of_its_own_process_is_seen_soon() -> None:
    """A script that may have created work makes the lookout look soon, whether it ran during a look or long after."""
    worked, at_once = asyncio.Event(), itertools.cycle((True, False))

    async def next_due() -> Mapping[str, float]:
        if next(at_once):
            worked.set()
        else:
            asyncio.get_running_loop().call_later(0.05, worked.set)
        return {}

    await looks(next_due, worked, 10, idle_s=3600)


async def test_while_anything_is_due_it_looks_at_the_usual_pace() -> None:
    """While work is due, even an idle process looks at the usual pace, because other processes may be too busy."""

    async def next_due() -> Mapping[str, float]:
        return {"ends": -1.0}

    await looks(next_due, asyncio.Event(), 3, idle_s=3600)


async def test_an_outage_is_over_as_soon_as_usual() -> None:
    """The usual pace is kept while Redis is away, because there's no way to know what is due."""

    async def next_due() -> Mapping[str, float]:
        raise StoreUnavailable

    await looks(next_due, asyncio.Event(), 3, idle_s=3600)
