"""Times of day in time zones whose clocks change: by an hour, by half an hour, at midnight, and never."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from bot.core.watching.wall_clock import clock_of, first_at, zone_named


@pytest.mark.parametrize(
    ("zone", "day", "clock", "expected"),
    [
        # Ordinary days on both sides of the changes.
        ("Europe/Berlin", "2026-03-28", "09:00", "2026-03-28T08:00"),
        ("Europe/Berlin", "2026-03-29", "09:00", "2026-03-29T07:00"),
        ("Europe/Berlin", "2026-10-24", "09:00", "2026-10-24T07:00"),
        ("Europe/Berlin", "2026-10-25", "09:00", "2026-10-25T08:00"),
        # 2:00 to 3:00 is skipped: the first moment after it is 3:00 in summer time.
        ("Europe/Berlin", "2026-03-29", "01:59", "2026-03-29T00:59"),
        ("Europe/Berlin", "2026-03-29", "02:00", "2026-03-29T01:00"),
        ("Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T01:00"),
        ("Europe/Berlin", "2026-03-29", "03:00", "2026-03-29T01:00"),
        # 2:00 to 3:00 comes twice: the first time in daylight saving time.
        ("Europe/Berlin", "2026-10-25", "02:00", "2026-10-25T00:00"),
        ("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T00:30"),
        ("Europe/Berlin", "2026-10-25", "03:00", "2026-10-25T02:00"),
        ("America/New_York", "2026-03-08", "02:30", "2026-03-08T07:00"),
        ("America/New_York", "2026-03-08", "03:15", "2026-03-08T07:15"),
        ("America/New_York", "2026-11-01", "01:30", "2026-11-01T05:30"),
        ("America/New_York", "2026-11-01", "02:00", "2026-11-01T07:00"),
        # Forward by half an hour at 2:00 in October, and back in April.
        ("Australia/Lord_Howe", "2026-10-04", "01:59", "2026-10-03T15:29"),
        ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:30"),
        ("Australia/Lord_Howe", "2026-10-04", "02:30", "2026-10-03T15:30"),
        ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04T14:45"),
        ("Australia/Lord_Howe", "2026-04-05", "02:00", "2026-04-04T15:30"),
        # Midnight itself is skipped in Santiago.
        ("America/Santiago", "2026-09-06", "00:00", "2026-09-06T04:00"),
        ("UTC", "2026-03-29", "02:30", "2026-03-29T02:30"),
        ("Asia/Kolkata", "2026-03-29", "09:00", "2026-03-29T03:30"),
    ],
)
def test_a_time_of_day_is_one_moment(zone: str, day: str, clock: str, expected: str) -> None:
    """A time that occurs twice means the first of the two; a skipped time means the first moment after it."""
    found = first_at(date.fromisoformat(day), clock_of(clock), ZoneInfo(zone))
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago"])
def test_a_later_time_of_day_is_never_earlier(zone: str) -> None:
    """For every quarter of an hour of a year, a later time of day is never an earlier moment."""
    where, before = ZoneInfo(zone), datetime(2025, 12, 30, tzinfo=UTC)
    for number in range(365):
        day = date.fromordinal(date(2026, 1, 1).toordinal() + number)
        for quarter in range(96):
            at = first_at(day, time(quarter // 4, quarter % 4 * 15), where)
            assert at >= before
            before = at


@pytest.mark.parametrize("name", [None, "", "Mars/Olympus", "../etc/passwd", "\x00"])
def test_a_zone_that_is_not_known_is_utc(name: str | None) -> None:
    """An unknown time zone is treated as UTC instead of causing an error."""
    assert zone_named(name) == ZoneInfo("UTC")


def test_a_zone_is_found_by_its_name() -> None:
    """A time zone is found by its name in the time zone database."""
    assert zone_named("Australia/Lord_Howe") == ZoneInfo("Australia/Lord_Howe")
