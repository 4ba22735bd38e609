"""Bolt's scheduler: starts runs in the slots of timetables. It has no task of its own: it catches up when asked.

`bolt_sandbox.bolt.timetables` gives schedules their timetables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal, get_args

from croniter import CroniterError, croniter

from bolt_sandbox.bolt.model import Schedule, Start

Mode = Literal["off", "lively", "all"]
MODES: tuple[Mode, ...] = get_args(Mode)
# If more starts than this are due at once, because nothing has asked for them in a long time, the oldest are dropped.
SLOTS_MOST = 100


@dataclass(frozen=True, slots=True)
class Slot:
    """The start that a slot makes, and how long after the slot's time it comes."""

    start: Start = field(default_factory=Start)
    late_s: float = 0.0


@dataclass(slots=True)
class Timetable:
    """When the scheduler starts a schedule: every `every_s`, or at its cron expression's times if `every_s` is None.

    `next_at` is the time of the next slot. The slots start the entries of `script` in turn; the next `skips` slots
    start nothing. `waiting` has the late starts of earlier slots.
    """

    slug: str
    cron: str
    next_at: datetime
    every_s: float | None = None
    script: Sequence[Slot] = (Slot(),)
    skips: int = 0
    turn: int = 0
    waiting: list[tuple[datetime, Start]] = field(default_factory=list)

    def due(self, now: datetime) -> list[tuple[datetime, Start]]:
        """Process the slots until now, and return the starts that are due, with their times."""
        while self.next_at <= now:
            self._pass_slot()
        ready = [each for each in self.waiting if each[0] <= now]
        if ready:
            self.waiting = [each for each in self.waiting if each[0] > now]
        return ready[-SLOTS_MOST:]

    @property
    def next_due(self) -> datetime:
        """The next time at which `due` has something to do."""
        return min([self.next_at, *(at for at, _start in self.waiting)])

    def move(self, by: timedelta) -> None:
        """Move all times."""
        self.next_at += by
        self.waiting = [(at + by, start) for at, start in self.waiting]

    def _pass_slot(self) -> None:
        slot, at = self.script[self.turn % len(self.script)], self.next_at
        self.next_at = self._after(at)
        if self.skips > 0:
            self.skips -= 1
            return
        self.turn += 1
        self.waiting.append((at + timedelta(seconds=slot.late_s), slot.start))

    def _after(self, slot: datetime) -> datetime:
        if self.every_s is not None:
            return slot + timedelta(seconds=self.every_s)
        following = cron_time(self.cron, slot)
        if following is None:
            raise ValueError(f"{self.cron} is no cron expression")
        return following


class Scheduler:
    """The timetables of one Bolt, by slug. `mode` says which were added as a set; others are added one by one."""

    def __init__(self) -> None:
        self.mode: Mode = "off"
        self.tables: dict[str, Timetable] = {}
        self._next_due: datetime | None = None

    def put(self, table: Timetable) -> None:
        """Add or replace a schedule's timetable."""
        self.tables[table.slug] = table
        self.changed()

    def drop(self, slug: str) -> None:
        """Remove a schedule's timetable, if it has one."""
        self.tables.pop(slug, None)
        self.changed()

    def rename(self, slug: str, to: str) -> None:
        """Give a timetable to another slug."""
        table = self.tables.pop(slug, None)
        if table is not None:
            table.slug = to
            self.put(table)

    def clear(self) -> None:
        """Remove all timetables."""
        self.tables.clear()
        self.changed()

    def changed(self) -> None:
        """Make the next `due` look at all timetables again."""
        self._next_due = min((table.next_due for table in self.tables.values()), default=None)

    def due(self, now: datetime) -> list[tuple[datetime, str, Start]]:
        """Return the starts that should have happened by now, oldest first, each with its time, schedule and kind."""
        if self._next_due is None or now < self._next_due:
            return []
        found = [(at, table.slug, start) for table in self.tables.values() for at, start in table.due(now)]
        self.changed()
        return sorted(found, key=lambda each: each[0])

    def move(self, by: timedelta) -> None:
        """Move all times, because the clock was set."""
        for table in self.tables.values():
            table.move(by)
        self.changed()

    def next_slot(self, schedule: Schedule, now: datetime) -> datetime | None:
        """Return a schedule's next slot, or None if the scheduler doesn't start it."""
        if schedule.suspended or not schedule.active:
            return None
        table = self.tables.get(schedule.slug)
        return cron_time(schedule.cron, now) if table is None else table.next_at


def cron_time(expression: str, after: datetime) -> datetime | None:
    """Return a cron expression's next time in UTC, or None if the expression is OFF or isn't valid."""
    # Cached, because parsing takes longer than everything else about a schedule, and a listing has thousands.
    return _next_minute(expression, after.astimezone(UTC).replace(second=0, microsecond=0))


@lru_cache(maxsize=4096)
def _next_minute(expression: str, minute: datetime) -> datetime | None:
    try:
        found: datetime = croniter(expression, minute).get_next(datetime)
    except (CroniterError, ValueError):
        return None
    return found
