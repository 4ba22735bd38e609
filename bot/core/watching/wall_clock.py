"""Times of day in a time zone, including on days when its clocks change.

`bot.flows.set_digest`, `watch_schedules` (quiet hours) and `handle_incident` (snoozing) decide which zone applies.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_UTC = ZoneInfo("UTC")
_PRECISION = timedelta(seconds=1)


def zone_named(name: str | None) -> ZoneInfo:
    """Return the time zone with this name, or UTC if there's no such zone or no name is given."""
    try:
        return ZoneInfo(name) if name else _UTC
    except (KeyError, ValueError, OSError):
        return _UTC


def clock_of(text: str) -> time:
    """Read a time of day as it's stored, HH:MM."""
    hours, _, minutes = text.partition(":")
    return time(int(hours), int(minutes))


def first_at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, at which clocks in a zone show a time of day.

    If the clocks show that time twice, the first time counts. If they skip it, the first moment after the gap counts.
    """
    wanted = datetime.combine(day, clock)
    at = wanted.replace(tzinfo=zone).astimezone(UTC)
    if _shown(at, zone) == wanted:
        return at
    # Clocks skip this time. Converting it with the offsets before and after the change gives two moments, and the
    # change lies between them.
    early, late = wanted.replace(tzinfo=zone, fold=1).astimezone(UTC), at
    while late - early > _PRECISION:
        middle = early + (late - early) / 2
        if _shown(middle, zone) < wanted:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def _shown(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)
