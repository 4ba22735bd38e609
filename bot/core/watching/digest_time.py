"""When a channel's digest is due, by the clock of its time zone.

`bot.core.commands.digest_values` reads times as people type them.
`bot.core.watching.wall_clock` handles days when clocks change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.core.model.digest import Digest
from bot.core.watching.tally import whole_hour
from bot.core.watching.wall_clock import clock_of, first_at, zone_named

# A digest that couldn't be sent for this long isn't sent anymore.
LATE = timedelta(hours=6)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which a digest is due: the date in the digest's time zone, and the moment in UTC."""

    day: date
    at: datetime


def slot_on(digest: Digest, day: date) -> Slot | None:
    """The slot on a date, or None if there's none on that weekday."""
    if digest.weekday not in (None, day.weekday()):
        return None
    return Slot(day, first_at(day, clock_of(digest.clock), zone_named(digest.zone)))


def last_slot(digest: Digest, now: datetime) -> Slot:
    """The newest slot that isn't in the future."""
    day = now.astimezone(zone_named(digest.zone)).date()
    while True:
        slot = slot_on(digest, day)
        if slot is not None and slot.at <= now:
            return slot
        day -= _DAY


def next_slot(digest: Digest, now: datetime) -> Slot:
    """The first slot in the future."""
    day = now.astimezone(zone_named(digest.zone)).date()
    while True:
        slot = slot_on(digest, day)
        if slot is not None and slot.at > now:
            return slot
        day += _DAY


def is_wanted(digest: Digest, slot: Slot, now: datetime) -> bool:
    """Whether the digest of a slot is still to be sent.

    A digest that was set after the slot, or is much too late by now, isn't sent.
    """
    return slot.at > digest.made_at and now - slot.at <= LATE


def since(digest: Digest, slot: Slot) -> datetime:
    """The start of the period that a slot's digest covers: the slot before it. Each hour is in one digest."""
    before = first_at(
        slot.day - (_DAY if digest.weekday is None else 7 * _DAY), clock_of(digest.clock), zone_named(digest.zone)
    )
    return whole_hour(before)
