"""When a channel's report is due, by the clock of its time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.core.model.report import Report
from bot.core.watching.tally import whole_hour
from bot.core.watching.wall_clock import clock_of, first_at, zone_named

# A report that couldn't be sent for so long isn't sent anymore.
LATE = timedelta(hours=6)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which a report is due: on a date of its zone, in UTC."""

    day: date
    at: datetime


def slot_on(report: Report, day: date) -> Slot | None:
    """The slot on a date, None if there's none on that weekday."""
    if report.weekday not in (None, day.weekday()):
        return None
    return Slot(day, first_at(day, clock_of(report.clock), zone_named(report.zone)))


def last_slot(report: Report, now: datetime) -> Slot:
    """The newest slot that isn't in the future."""
    day = now.astimezone(zone_named(report.zone)).date()
    while True:
        slot = slot_on(report, day)
        if slot is not None and slot.at <= now:
            return slot
        day -= _DAY


def next_slot(report: Report, now: datetime) -> Slot:
    """The first slot in the future."""
    day = now.astimezone(zone_named(report.zone)).date()
    while True:
        slot = slot_on(report, day)
        if slot is not None and slot.at > now:
            return slot
        day += _DAY


def is_wanted(report: Report, slot: Slot, now: datetime) -> bool:
    """Whether the report of a slot is still to be sent: not of one before it was set, and not much too late."""
    return slot.at > report.made_at and now - slot.at <= LATE


def since(report: Report, slot: Slot) -> datetime:
    """From when the report of a slot counts: from the slot before it. Each hour is in one report."""
    before = first_at(
        slot.day - (_DAY if report.weekday is None else 7 * _DAY), clock_of(report.clock), zone_named(report.zone)
    )
    return whole_hour(before)
