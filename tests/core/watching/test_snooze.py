"""How long an incident can be snoozed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.core.watching.snooze import SnoozeChoice, snooze_end

BERLIN = ZoneInfo("Europe/Berlin")


def test_the_morning_is_the_next_nine_that_is_an_hour_away() -> None:
    """The morning is the next 9:00 that is at least an hour away."""
    early = datetime(2026, 3, 2, 7, 30, tzinfo=BERLIN)
    late = datetime(2026, 3, 2, 8, 30, tzinfo=BERLIN)
    assert snooze_end(SnoozeChoice.MORNING, early, BERLIN) == datetime(2026, 3, 2, 9, tzinfo=BERLIN)
    assert snooze_end(SnoozeChoice.MORNING, late, BERLIN) == datetime(2026, 3, 3, 9, tzinfo=BERLIN)
    spring = datetime(2026, 3, 28, 22, tzinfo=UTC)
    assert snooze_end(SnoozeChoice.MORNING, spring, BERLIN) == datetime(2026, 3, 29, 7, tzinfo=UTC)
    assert snooze_end(SnoozeChoice.RECOVERY, early, BERLIN) is None
