"""The list of schedules: fresh while it's used, read once for many callers, and available while Bolt is away."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from bot.core.model.bolt import Schedule
from bot.core.model.errors import BoltError, BoltOutcomeUnknown
from bot.core.schedules.lookup import Missing
from bot.flows.schedule_catalog import FAILED_AGAIN_S, CatalogSnapshot, ScheduleCatalog

FRESH_S = 60.0
NOW = datetime(2026, 11, 25, 14, 20, tzinfo=UTC)


class Api:
    """Lists the schedules with these slugs, once `may` is set."""

    def __init__(self) -> None:
        self.asked = 0
        self.slugs = ["nightly"]
        self.away = False
        self.may = asyncio.Event()
        self.may.set()

    async def schedules(self) -> list[Schedule]:
        """Answer as soon as that's allowed."""
        self.asked += 1
        slugs = list(self.slugs)
        await self.may.wait()
        if self.away:
            raise BoltOutcomeUnknown
        return [Schedule(number, "u", slug.title(), slug, "OFF", "ui") for number, slug in enumerate(slugs)]


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def api() -> Api:
    """An API that answers at once."""
    return Api()


@pytest.fixture
def clock() -> Clock:
    """A clock that doesn't move by itself."""
    return Clock()


@pytest.fixture
def catalog(api: Api, clock: Clock) -> ScheduleCatalog:
    """A catalog over that API."""
    return ScheduleCatalog(api, fresh_for_s=FRESH_S, clock=clock, now=lambda: NOW)  # type: ignore[arg-type]  # lists only


def handles(snapshot: CatalogSnapshot) -> list[str]:
    """The handles of the schedules in a snapshot."""
    return [snapshot.index.handle(row.schedule) for row in snapshot.index.rows]


async def settled() -> None:
    """Let background tasks go as far as they can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_many_who_want_it_at_once_read_it_once(api: Api, catalog: ScheduleCatalog) -> None:
    """Simultaneous callers share one reading, whether they want one schedule or all."""
    api.may.clear()
    asking = [asyncio.ensure_future(catalog.find_schedule("nightly")) for _ in range(20)]
    asking += [asyncio.ensure_future(catalog.all_schedules()) for _ in range(20)]  # type: ignore[arg-type]  # both are awaited alike
    await settled()
    api.may.set()
    await asyncio.gather(*asking)
    assert api.asked == 1


async def test_while_used_it_is_read_before_it_is_too_old(api: Api, catalog: ScheduleCatalog, clock: Clock) -> None:
    """A list at half its maximum age is read again in the background, and no caller waits for that."""
    await catalog.all_schedules()
    clock.now += FRESH_S / 2 - 1
    await catalog.all_schedules()
    await settled()
    assert api.asked == 1
    clock.now += 2
    api.slugs, before = ["nightly", "hourly"], await catalog.all_schedules()
    assert [one.slug for one in before] == ["nightly"]
    await settled()
    assert api.asked == 2
    assert [one.slug for one in await catalog.all_schedules()] == ["nightly", "hourly"]


async def test_unused_it_is_not_read(api: Api, catalog: ScheduleCatalog, clock: Clock) -> None:
    """If it's too old, the next caller waits for a new one."""
    await catalog.all_schedules()
    clock.now += 100 * FRESH_S
    await settled()
    assert api.asked == 1
    api.slugs = ["hourly"]
    assert [one.slug for one in await catalog.all_schedules()] == ["hourly"]


async def test_what_is_missing_is_looked_for_in_a_fresh_list(api: Api, catalog: ScheduleCatalog, clock: Clock) -> None:
    """The list is read once more, and then shows which schedules were made and which are missing."""
    await catalog.all_schedules()
    clock.now += 2
    api.slugs = ["nightly", "hourly"]
    found = await catalog.find_schedule("hourly")
    assert isinstance(found, Schedule)
    assert isinstance(await catalog.find_schedule("weekly"), Missing)
    assert api.asked == 2


async def test_a_reading_that_began_too_early_is_not_enough(api: Api, catalog: ScheduleCatalog, clock: Clock) -> None:
    """The reading may have been answered before the schedule was made."""
    api.may.clear()
    first = asyncio.ensure_future(catalog.all_schedules())
    await settled()
    clock.now += 5
    api.slugs = ["nightly", "hourly"]
    wanted = asyncio.ensure_future(catalog.find_schedule("hourly"))
    await settled()
    api.may.set()
    await first
    assert isinstance(await wanted, Schedule)


async def test_bolt_away(api: Api, catalog: ScheduleCatalog, clock: Clock) -> None:
    """Callers who need a fresh list get the error; others get the last list with its time, without a new request."""
    await catalog.all_schedules()
    api.away = True
    clock.now += 2 * FRESH_S
    with pytest.raises(BoltError):
        await catalog.all_schedules()
    with pytest.raises(BoltError):
        await catalog.find_schedule("nightly")
    asked = api.asked
    for _ in range(10):
        snapshot = await catalog.snapshot(within_s=1)
    assert (handles(snapshot), snapshot.at, snapshot.late) == (["nightly"], NOW, True)
    assert api.asked == asked
    clock.now += FAILED_AGAIN_S + 1
    api.away = False
    snapshot = await catalog.snapshot(within_s=1)
    assert (handles(snapshot), snapshot.late) == (["nightly"], False)


async def test_there_was_never_a_list(api: Api, catalog: ScheduleCatalog) -> None:
    """The snapshot is empty, and says that Bolt is away."""
    api.away = True
    snapshot = await catalog.snapshot(within_s=1)
    assert (handles(snapshot), snapshot.at, snapshot.late) == ([], None, True)


async def test_a_look_waits_no_longer_than_it_is_told(api: Api, catalog: ScheduleCatalog, clock: Clock) -> None:
    """An old list is better than none, and a slow Bolt doesn't count as unavailable."""
    await catalog.all_schedules()
    clock.now += 2 * FRESH_S
    api.may.clear()
    snapshot = await catalog.snapshot(within_s=0.01)
    assert (handles(snapshot), snapshot.late) == (["nightly"], False)
    api.may.set()
    api.slugs = ["hourly"]
    await settled()
    await catalog.close()


async def test_whoever_is_broken_off_leaves_the_reading_to_others(api: Api, catalog: ScheduleCatalog) -> None:
    """If one command is cancelled, the others still get the list."""
    api.may.clear()
    first, second = asyncio.ensure_future(catalog.all_schedules()), asyncio.ensure_future(catalog.all_schedules())
    await settled()
    first.cancel()
    await settled()
    api.may.set()
    assert [one.slug for one in await second] == ["nightly"]
    assert api.asked == 1


async def test_closing_breaks_off_what_is_read(api: Api, catalog: ScheduleCatalog) -> None:
    """After closing, no background task keeps running."""
    api.may.clear()
    catalog.refresh_soon()
    await settled()
    await catalog.close()
    assert api.asked == 1


async def test_after_a_change_an_older_list_is_not_believed(api: Api, clock: Clock) -> None:
    """Neither the current list nor one that was being read at that moment counts."""
    catalog = ScheduleCatalog(api, fresh_for_s=FRESH_S, clock=clock)  # type: ignore[arg-type]  # lists only
    await catalog.all_schedules()
    catalog.forget()
    api.may.clear()
    reading = asyncio.create_task(catalog.all_schedules())
    for _ in range(5):
        await asyncio.sleep(0)
    assert api.asked == 2
    clock.now += 1
    catalog.forget()
    api.slugs.append("hourly")
    api.may.set()
    assert [one.slug for one in await reading] == ["nightly", "hourly"]
    assert [one.slug for one in await catalog.all_schedules()] == ["nightly", "hourly"]
    assert api.asked == 3
