"""When a channel's digest is due: in Berlin, New York and on Lord Howe Island, even when clocks change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.core.model.digest import Digest
from bot.core.watching.digest_time import LATE, is_wanted, last_slot, next_slot, since, slot_on

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def digest(zone: str, clock: str = "09:00", weekday: int | None = None) -> Digest:
    """A digest that was set long ago."""
    return Digest("C1", "T", clock, zone, "U0ADA", LONG_AGO, weekday)


def utc(text: str) -> datetime:
    """A time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "clock", "now", "expected"),
    [
        # The day before clocks go forward, that day, and the day after.
        ("Europe/Berlin", "09:00", "2026-03-28T07:00", ["2026-03-28T08:00", "2026-03-29T07:00", "2026-03-30T07:00"]),
        ("Europe/Berlin", "02:30", "2026-03-28T00:00", ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"]),
        ("Europe/Berlin", "09:00", "2026-10-24T06:00", ["2026-10-24T07:00", "2026-10-25T08:00", "2026-10-26T08:00"]),
        ("Europe/Berlin", "02:30", "2026-10-24T00:00", ["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"]),
        ("America/New_York", "09:00", "2026-03-07T13:00", ["2026-03-07T14:00", "2026-03-08T13:00", "2026-03-09T13:00"]),
        ("America/New_York", "01:30", "2026-10-31T05:00", ["2026-10-31T05:30", "2026-11-01T05:30", "2026-11-02T06:30"]),
        (
            "Australia/Lord_Howe",
            "09:00",
            "2026-10-02T22:00",
            ["2026-10-02T22:30", "2026-10-03T22:00", "2026-10-04T22:00"],
        ),
        (
            "Australia/Lord_Howe",
            "02:15",
            "2026-10-02T15:00",
            ["2026-10-02T15:45", "2026-10-03T15:30", "2026-10-04T15:15"],
        ),
        (
            "Australia/Lord_Howe",
            "01:45",
            "2026-04-03T14:00",
            ["2026-04-03T14:45", "2026-04-04T14:45", "2026-04-05T15:15"],
        ),
    ],
)
def test_a_daily_digest_is_due_once_a_local_date(zone: str, clock: str, now: str, expected: list[str]) -> None:
    """A daily digest is due once per local date: at the first of two equal times, and right after a skipped time."""
    at, found = utc(now), []
    for _ in expected:
        slot = next_slot(digest(zone, clock), at)
        assert last_slot(digest(zone, clock), slot.at) == slot
        assert last_slot(digest(zone, clock), slot.at - timedelta(seconds=1)).day == slot.day - timedelta(days=1)
        found.append(slot.at)
        at = slot.at
    assert found == [utc(one) for one in expected]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"])
@pytest.mark.parametrize("clock", ["00:00", "01:45", "02:15", "02:30", "09:00", "23:30"])
def test_a_year_has_a_digest_for_each_of_its_dates(zone: str, clock: str) -> None:
    """Every date has exactly one digest, and each begins where the previous one ended."""
    one = digest(zone, clock)
    at, days, until = utc("2026-01-01T12:00"), [], None
    for _ in range(365):
        slot = next_slot(one, at)
        if until is not None:
            assert since(one, slot) == until
        days.append(slot.day)
        at, until = slot.at, slot.at.replace(minute=0)
    assert days == [days[0] + timedelta(days=number) for number in range(365)]


def test_a_weekly_digest_is_due_on_its_weekday() -> None:
    """A weekly digest is due on its weekday and covers seven days, one of which may have 23 hours."""
    weekly = digest("Europe/Berlin", "09:00", weekday=0)
    slot = next_slot(weekly, utc("2026-03-25T12:00"))
    assert slot.day == date(2026, 3, 30)
    assert slot.at == utc("2026-03-30T07:00")
    assert since(weekly, slot) == utc("2026-03-23T08:00")
    assert next_slot(weekly, slot.at).day == date(2026, 4, 6)
    assert last_slot(weekly, utc("2026-04-05T12:00")) == slot
    assert slot_on(weekly, date(2026, 3, 31)) is None


def test_a_digest_is_sent_up_to_six_hours_late() -> None:
    """A digest is posted up to six hours late, but not if it was set after its time."""
    one = digest("UTC")
    slot = last_slot(one, utc("2026-03-10T10:00"))
    assert is_wanted(one, slot, slot.at)
    assert is_wanted(one, slot, slot.at + LATE)
    assert not is_wanted(one, slot, slot.at + LATE + timedelta(seconds=1))
    assert not is_wanted(replace(one, made_at=slot.at), slot, slot.at)
