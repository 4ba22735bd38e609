"""The loop of every worker."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial

import pytest
from prometheus_client import REGISTRY

from bot.core.model.errors import StoreFault, StoreUnavailable
from bot.flows.cooperative import Intake
from bot.workers.worker import Work, Worker
from tests.waiting import PATIENCE_S


class Incidents:
    """Remembers the faults that a worker reports."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, BaseException]] = []
        self.come = asyncio.Event()

    def __call__(self, where: str, error: BaseException) -> str:
        """Remember a fault, and return a reference."""
        self.seen.append((where, error))
        self.come.set()
        return "7f3a"


async def run_until(worker: Worker, event: asyncio.Event) -> None:
    """Let a worker work until something has happened, then stop and drain it."""
    working = asyncio.create_task(worker.run())
    async with asyncio.timeout(PATIENCE_S):
        await event.wait()
    worker.stop()
    await working
    await worker.drain(1)


async def test_every_job_of_a_claim_is_done() -> None:
    """Every job of a claim is done."""
    done: list[int] = []
    all_done = asyncio.Event()

    async def job(number: int) -> None:
        done.append(number)
        if len(done) == 3:
            all_done.set()

    claims: Iterator[Work] = iter([Work((job(1), job(2))), Work(), Work((job(3),))])

    async def claim() -> Work:
        return next(claims, Work())

    worker = Worker("test", claim, most=5, report_fault=Incidents())
    asyncio.get_running_loop().call_soon(worker.wake)
    await run_until(worker, all_done)
    assert sorted(done) == [1, 2, 3]


async def test_a_wake_ends_the_sleep() -> None:
    """A wake ends the sleep at once, so that work created in this process is claimed without waiting."""
    claims = 0

    async def claim() -> Work:
        nonlocal claims
        claims += 1
        return Work()

    worker = Worker("test", claim, most=1, report_fault=Incidents())
    working = asyncio.create_task(worker.run())
    await turns()
    assert claims == 1
    worker.wake()
    await turns()
    assert claims == 2
    worker.stop()
    await working


async def test_acknowledgements_go_before_claims() -> None:
    """A worker claims after all acknowledgements, and only once, however often it's woken meanwhile."""
    claims = 0
    claimed = asyncio.Event()

    async def claim() -> Work:
        nonlocal claims
        claims += 1
        claimed.set()
        return Work()

    intake = Intake()
    worker = Worker("test", claim, most=1, report_fault=Incidents(), lull=partial(intake.lull, PATIENCE_S))
    with intake.handling():
        working = asyncio.create_task(worker.run())
        await turns()
        worker.wake()
        worker.wake()
        await turns()
        assert claims == 0
    await turns()
    assert claims == 1
    worker.stop()
    await working


async def test_a_worker_that_waits_for_acknowledgements_stops_without_a_claim() -> None:
    """A worker that's waiting for acknowledgements stops without a claim, leaving it to another process."""

    async def claim() -> Work:
        raise AssertionError("claimed")

    incidents, intake = Incidents(), Intake()
    worker = Worker("test", claim, most=1, report_fault=incidents, lull=partial(intake.lull, PATIENCE_S))
    with intake.handling():
        working = asyncio.create_task(worker.run())
        await turns()
        worker.stop()
    async with asyncio.timeout(PATIENCE_S):
        await working
    assert not incidents.seen


async def turns() -> None:
    """Let every task go on as far as it can without waiting."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_no_more_jobs_than_allowed_run_at_once() -> None:
    """No more jobs run at once than allowed: a full worker claims nothing until one has finished."""
    running, most, finished = 0, 0, asyncio.Event()
    left = 6

    async def job() -> None:
        nonlocal running, most, left
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        left -= 1
        if left == 0:
            finished.set()

    given = 0

    async def claim() -> Work:
        nonlocal given
        if given == 6:
            return Work()
        given += 1
        return Work((job(),))

    await run_until(Worker("test", claim, most=2, report_fault=Incidents()), finished)
    assert most == 2


async def test_a_job_that_fails_is_an_incident_and_the_worker_goes_on() -> None:
    """A job that fails is reported, and the worker goes on."""
    incidents = Incidents()

    async def broken() -> None:
        raise RuntimeError("broken")

    claims: Iterator[Work] = iter([Work((broken(),))])

    async def claim() -> Work:
        return next(claims, Work())

    worker = Worker("test", claim, most=1, report_fault=incidents)
    await run_until(worker, incidents.come)
    assert [str(error) for _, error in incidents.seen] == ["broken"]


def _faults(worker: str) -> float:
    return REGISTRY.get_sample_value("bolt_bot_job_faults_total", {"worker": worker}) or 0


async def test_a_job_whose_script_fails_counts_as_a_fault() -> None:
    """A job whose script fails counts as a fault, but isn't reported again: it was logged where it failed."""
    incidents, over = Incidents(), asyncio.Event()

    async def fails() -> None:
        over.set()
        raise StoreFault("ab12")

    claims: Iterator[Work] = iter([Work((fails(),))])

    async def claim() -> Work:
        return next(claims, Work())

    before = _faults("script")
    worker = Worker("script", claim, most=1, report_fault=incidents)
    await run_until(worker, over)
    await worker.drain(1)
    assert _faults("script") == before + 1
    assert incidents.seen == []


@pytest.mark.parametrize(("error", "reported"), [(StoreUnavailable(), 0), (ValueError("odd"), 1)])
async def test_a_claim_that_fails_is_tried_again(error: Exception, reported: int) -> None:
    """A failed claim is repeated: quietly if Redis is away (that's logged elsewhere), and reported otherwise."""
    incidents = Incidents()
    again = asyncio.Event()
    failed = False

    async def claim() -> Work:
        nonlocal failed
        if not failed:
            failed = True
            raise error
        again.set()
        return Work()

    await run_until(Worker("test", claim, most=1, report_fault=incidents), again)
    assert len(incidents.seen) == reported


async def test_draining_waits_for_jobs_and_breaks_off_late_ones() -> None:
    """Draining waits for jobs that finish in time, and cancels and counts the others."""
    begun, finish = asyncio.Event(), asyncio.Event()
    ended: list[str] = []

    async def quick() -> None:
        await finish.wait()
        ended.append("quick")

    async def slow() -> None:
        begun.set()
        await asyncio.Event().wait()

    claims: Iterator[Work] = iter([Work((quick(), slow()))])

    async def claim() -> Work:
        return next(claims, Work())

    worker = Worker("test", claim, most=2, report_fault=Incidents())
    working = asyncio.create_task(worker.run())
    await begun.wait()
    worker.stop()
    finish.set()
    assert await worker.drain(0.2) == 1
    await working
    assert ended == ["quick"]
    assert worker.busy == 0


async def test_a_full_worker_stops_at_once() -> None:
    """A full worker's `run` returns at once; its jobs are left to `drain`, which has a limit."""
    begun = asyncio.Event()

    async def slow() -> None:
        begun.set()
        await asyncio.Event().wait()

    claims: Iterator[Work] = iter([Work((slow(),))])

    async def claim() -> Work:
        return next(claims, Work())

    worker = Worker("test", claim, most=1, report_fault=Incidents())
    working = asyncio.create_task(worker.run())
    async with asyncio.timeout(PATIENCE_S):
        await begun.wait()
        worker.stop()
        await working
    assert worker.busy == 1
    assert await worker.drain(0) == 1
