"""The contents of a digest's picture, by the clock of the digest's time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.core.watching.digest_chart import ALT_LIMIT, DigestChart, FailedOften, alt_text, digest_chart

HOUR = timedelta(hours=1)
BERLIN = "Europe/Berlin"


def chart(
    since: datetime, hours: int, counts: dict[int, tuple[int, int]], *failed: FailedOften, zone: str = "UTC"
) -> DigestChart:
    """A chart of this many hours, with runs and failures by the number of the hour."""
    by_hour = {since + HOUR * number: count for number, count in counts.items()}
    return digest_chart(by_hour, failed, since, since + HOUR * hours, ZoneInfo(zone), zone)


MONDAY = datetime(2026, 11, 30, 8, tzinfo=UTC)


def test_a_day_is_shown_by_the_hour() -> None:
    """Every hour has a bar, and runs outside the period are left out."""
    shown = chart(MONDAY, 24, {-1: (9, 9), 0: (3, 1), 5: (2, 0), 24: (9, 9)}, zone=BERLIN)
    assert (shown.by, len(shown.bars)) == ("hour", 24)
    assert [(f"{bar.begins:%H:%M}", bar.succeeded, bar.failed) for bar in shown.bars if bar.runs] == [
        ("09:00", 2, 1),
        ("14:00", 2, 0),
    ]
    assert (shown.runs, shown.succeeded, shown.failed) == (5, 4, 1)


def test_a_week_is_shown_by_the_dates_of_its_time_zone() -> None:
    """A week is shown by local dates: the first and last are partial, and an hour belongs to the date it begins on."""
    shown = chart(MONDAY, 168, {0: (1, 0), 14: (2, 1), 15: (4, 0), 167: (8, 0)}, zone=BERLIN)
    assert shown.by == "day"
    assert [f"{bar.begins:%a %d}" for bar in shown.bars] == [
        *("Mon 30", "Tue 01", "Wed 02", "Thu 03", "Fri 04", "Sat 05", "Sun 06", "Mon 07")
    ]
    assert [bar.runs for bar in shown.bars] == [3, 4, 0, 0, 0, 0, 0, 8]


@pytest.mark.parametrize(
    ("zone", "since", "hours", "bars"),
    [
        (BERLIN, datetime(2026, 10, 24, 7, tzinfo=UTC), 25, 25),
        (BERLIN, datetime(2026, 3, 28, 8, tzinfo=UTC), 23, 23),
        (BERLIN, datetime(2026, 10, 19, 7, tzinfo=UTC), 169, 8),
        ("America/New_York", datetime(2026, 10, 26, 13, tzinfo=UTC), 169, 8),
        ("Australia/Lord_Howe", datetime(2026, 9, 27, 22, tzinfo=UTC), 168, 8),
    ],
)
def test_a_change_of_the_clocks_loses_no_hour(zone: str, since: datetime, hours: int, bars: int) -> None:
    """A clock change neither loses an hour nor counts one twice."""
    shown = chart(since, hours, dict.fromkeys(range(hours), (1, 0)), zone=zone)
    assert (len(shown.bars), shown.runs) == (bars, hours)


def test_the_worst_come_first() -> None:
    """The three schedules with the most failures are listed, and none without a failure."""
    shown = chart(MONDAY, 24, {}, *(FailedOften(f"S{number}", "s", number, 9) for number in (2, 0, 4, 1, 3)))
    assert [one.name for one in shown.most_failed] == ["S4", "S3", "S2"]
    assert chart(MONDAY, 24, {}, FailedOften("S", "s", 0, 9)).most_failed == ()


def test_the_alternative_text_has_the_figures() -> None:
    """The alternative text has as many of the figures as fit."""
    shown = chart(MONDAY, 168, {0: (3, 1), 30: (2, 0)}, FailedOften("Nightly", "nightly", 1, 4))
    assert alt_text(shown) == (
        "Runs by day. 5 runs, 80% succeeded, since 30 Nov, 08:00 (UTC). Most failures: Nightly: 1 of 4. "
        "Mon 30 Nov 3 (1 failed); Tue 1 Dec 2."
    )
    assert alt_text(chart(MONDAY, 24, {})) == "Runs by hour. 0 runs, 100% succeeded, since 30 Nov, 08:00 (UTC)."
    busy = chart(MONDAY, 48, dict.fromkeys(range(48), (100_000, 99_999)), *[FailedOften("x" * 999, "x", 1, 1)] * 3)
    assert len(alt_text(busy)) <= ALT_LIMIT
