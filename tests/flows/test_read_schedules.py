"""Answers about schedules while Bolt is away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.core.model.bolt import Schedule
from bot.core.model.command import ListCommand
from bot.core.model.errors import BoltOutcomeUnknown
from bot.flows.find_schedule import ScheduleFinder
from bot.flows.read_schedules import ScheduleReader
from bot.flows.schedule_catalog import ScheduleCatalog

NOW = datetime(2026, 11, 25, 14, 20, tzinfo=UTC)


class Api:
    """Lists one schedule, and any that are added later, unless Bolt is away."""

    away = True

    def __init__(self) -> None:
        self.made = [Schedule(1, "u", "Nightly", "nightly", "OFF", "ui")]
        self.reads = 0

    async def schedules(self, *, inactive: bool = False) -> list[Schedule]:
        """List them."""
        if self.away:
            raise BoltOutcomeUnknown
        self.reads += 1
        return [] if inactive else list(self.made)


async def test_the_last_list_is_told_with_its_age() -> None:
    """If there's none, or inactive schedules are asked for, the reply says that Bolt doesn't answer."""
    api: Any = Api()
    now = [0.0]
    catalog = ScheduleCatalog(api, clock=lambda: now[0], now=lambda: NOW)
    status: Any = None
    watched: Any = None
    schedules = ScheduleReader(
        api, catalog, ScheduleFinder(api, catalog), status, watched, workspace="w", app_url="https://a", now=lambda: NOW
    )
    assert (await schedules.list_schedules(ListCommand(), prefix="/bolt")).text == (
        "Bolt didn't answer. Try again in a minute.",
    )
    api.away, now[0] = False, 100.0
    assert "1 schedule." in (await schedules.list_schedules(ListCommand(), prefix="/bolt")).text
    api.away, now[0] = True, 1000.0
    assert (await schedules.list_schedules(ListCommand(), prefix="/bolt")).text[3] == ", because Bolt isn't responding."
    assert (await schedules.list_schedules(ListCommand(inactive=True), prefix="/bolt")).text == (
        "Bolt didn't answer. Try again in a minute.",
    )


async def test_what_was_made_just_now_is_listed() -> None:
    """If nothing in the list matches, the list is read again first, unless it's only a second old."""
    api: Any = Api()
    api.away = False
    now = [0.0]
    catalog = ScheduleCatalog(api, clock=lambda: now[0], now=lambda: NOW)
    status: Any = None
    watched: Any = None
    schedules = ScheduleReader(
        api, catalog, ScheduleFinder(api, catalog), status, watched, workspace="w", app_url="https://a", now=lambda: NOW
    )
    await schedules.list_schedules(ListCommand(), prefix="/bolt")
    api.made.append(Schedule(2, "v", "Fresh", "fresh", "OFF", "ui"))
    now[0] = 5.0
    assert "1 schedule matching fresh" in str(
        (await schedules.list_schedules(ListCommand("fresh"), prefix="/bolt")).text
    )
    reads = api.reads
    assert "no schedules matching zzz" in str((await schedules.list_schedules(ListCommand("zzz"), prefix="/bolt")).text)
    assert api.reads == reads
