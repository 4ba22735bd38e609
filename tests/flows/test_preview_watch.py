"""Reading the runs that a watch covers: a sample of them, and only for as long as a person would wait."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from bot.core.model.bolt import RunSummary
from bot.core.model.errors import BoltNotSent
from bot.flows.preview_watch import SCHEDULES_MOST, WatchPreviewer
from tests.core.watching.ends import WATCH
from tests.flows.fakes import NIGHTLY, FakeBolt


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


async def test_the_runs_of_each_schedule_are_replayed() -> None:
    """The reports are added up over all schedules."""
    bolt = FakeBolt()
    for slug in ("nightly", "hourly"):
        bolt.add_run(slug, "FAILED")
    found = await WatchPreviewer(bolt, now=now).preview(replace(WATCH, pattern="*"), bolt.active)
    assert (found.schedules, found.read, found.told.messages, found.is_estimate) == (2, 2, 2, False)


async def test_of_many_schedules_some_are_read() -> None:
    """The schedules that are read are spread evenly over the list, and the result is an estimate."""
    schedules = [replace(NIGHTLY, slug=f"s{number}") for number in range(100)]
    bolt = FakeBolt(*schedules)
    found = await WatchPreviewer(bolt, now=now).preview(replace(WATCH, pattern="*"), schedules)
    read = {slug for _, slug in bolt.reads}
    assert len(read) == found.read == SCHEDULES_MOST
    assert {"s0", "s96"} <= read
    assert found.is_estimate


async def test_what_cannot_be_read_is_left_out() -> None:
    """The result is an estimate then."""
    bolt = FakeBolt()
    bolt.faults.fail("runs", BoltNotSent())
    found = await WatchPreviewer(bolt, now=now).preview(replace(WATCH, pattern="*"), bolt.active)
    assert (found.schedules, found.read, found.is_estimate) == (2, 1, True)


class _Slow(FakeBolt):
    """One schedule's runs never arrive."""

    async def runs(self, slug: str, limit: int, offset: int = 0) -> list[RunSummary]:
        """Wait forever."""
        if slug == "hourly":
            await asyncio.Event().wait()
        return await super().runs(slug, limit, offset)


async def test_nobody_waits_for_a_slow_bolt() -> None:
    """The replies that came in time are used."""
    bolt = _Slow()
    found = await WatchPreviewer(bolt, now=now, within_s=0.05).preview(replace(WATCH, pattern="*"), bolt.active)
    assert (found.schedules, found.read) == (2, 1)
