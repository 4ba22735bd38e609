"""How long an incident can be snoozed, and when that ends. The menu is in `bot.core.views.incident`."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

# The morning that "until tomorrow" means, and the least time until then.
MORNING = time(9)
MORNING_AWAY = timedelta(hours=1)


class SnoozeChoice(StrEnum):
    """How long an incident is snoozed."""

    HOUR = "1h"
    FOUR_HOURS = "4h"
    MORNING = "morning"
    RECOVERY = "recovery"


def snooze_end(choice: SnoozeChoice, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When a snooze ends, or None if it lasts until the recovery.

    The morning is the next 9:00 that is at least an hour away. If a clock change skips that time, the first moment after it
    counts.
    """
    if choice is SnoozeChoice.RECOVERY:
        return None
    if choice is not SnoozeChoice.MORNING:
        return now + timedelta(hours=1 if choice is SnoozeChoice.HOUR else 4)
    day = now.astimezone(zone).date()
    while True:
        morning = datetime.combine(day, MORNING, zone).astimezone(now.tzinfo)
        if morning - now >= MORNING_AWAY:
            return morning
        day += timedelta(days=1)
