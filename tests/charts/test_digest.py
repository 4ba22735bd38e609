"""The chart of a digest: what's in it, and that nothing is cut off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.charts.digest import digest_picture
from bot.charts.history import FILLS
from bot.charts.shapes import Rectangle, Text
from bot.core.watching.digest_chart import By, DigestChart, FailedOften, RunsBar, digest_chart

SINCE = datetime(2026, 11, 23, 8, tzinfo=UTC)
NAMES = st.text(max_size=200) | st.text("mWil_- é/", max_size=200)
COUNTS = st.integers(0, 9) | st.integers(0, 9_999_999)
OFTEN = st.builds(FailedOften, NAMES, NAMES, st.integers(1, 9_999_999), st.integers(1, 9_999_999))
ZONES = st.sampled_from(["UTC", "America/Argentina/ComodRivadavia", "Australia/Lord_Howe"])


@st.composite
def charts(draw: st.DrawFn) -> DigestChart:
    """The chart of a day or a week with random numbers of runs."""
    bars = tuple(
        RunsBar(SINCE + timedelta(hours=number), draw(COUNTS), draw(COUNTS))
        for number in range(draw(st.sampled_from((8, 24))))
    )
    by: By = "day" if len(bars) == 8 else "hour"
    return DigestChart(by, draw(ZONES), SINCE, bars, tuple(draw(st.lists(OFTEN, max_size=3))))


def texts(shown: DigestChart) -> list[str]:
    """All texts in a chart."""
    return [each.text for each in digest_picture(shown).shapes if isinstance(each, Text)]


@settings(max_examples=60, deadline=None)
@given(charts())
def test_nothing_is_outside_of_the_picture(shown: DigestChart) -> None:
    """Nothing is outside the chart, whatever the names and numbers, and everything else is below the title."""
    picture = digest_picture(shown)
    for shape in picture.shapes:
        assert picture.bounds.contains(shape.bounds), shape
    title = [each for each in picture.shapes[:2] if isinstance(each, Text)]
    for shape in picture.shapes[2:]:
        assert shape.bounds.top >= title[-1].bounds.bottom, shape


@settings(max_examples=30, deadline=None)
@given(charts())
def test_failures_stand_on_successes_and_are_always_seen(shown: DigestChart) -> None:
    """Failures are stacked on successes, and visible however few they are."""
    drawn = [each for each in digest_picture(shown).shapes if isinstance(each, Rectangle)]
    drawn = drawn[: sum((bar.failed > 0) + (bar.succeeded > 0) for bar in shown.bars)]
    failed = [each for each in drawn if each.fill == FILLS["failed"]]
    assert len(failed) == sum(bar.failed > 0 for bar in shown.bars)
    assert all(each.box.height > 2 for each in failed)
    below = {each.box.left: each.box.top for each in drawn if each.fill == FILLS["succeeded"]}
    for each in failed:
        if each.box.left in below:
            assert abs(each.box.bottom - below[each.box.left]) < 4


def week(*failed: FailedOften) -> DigestChart:
    """A week with one run per hour, in which every tenth run fails."""
    hours = {SINCE + timedelta(hours=number): (1, int(number % 10 == 0)) for number in range(168)}
    zone = "Europe/Berlin"
    return digest_chart(hours, failed, SINCE, SINCE + timedelta(days=7), ZoneInfo(zone), zone)


def test_a_week_has_every_weekday_below_its_bar() -> None:
    """A week has every weekday below its bar; the first appears twice, because digests are posted in the morning."""
    written = texts(week(FailedOften("Orders sync", "orders", 17, 168)))
    assert written == [
        *("Runs by day", "168 runs, 89% succeeded, since 23 Nov, 09:00 (Europe/Berlin)"),
        *("0", "5", "10", "15", "20"),
        *("2", "2", "3", "2", "3", "2", "2", "1"),
        *("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Mon"),
        *("151 succeeded", "17 failed (numbers above bars)"),
        *("Most failures", "Orders sync", "17 of 168"),
    ]


def test_labels_of_hours_never_overlap() -> None:
    """Every sixth hour has a label, so that they never overlap."""
    day = DigestChart("hour", "UTC", SINCE, tuple(RunsBar(SINCE + timedelta(hours=number), 1) for number in range(25)))
    labels = [each for each in digest_picture(day).shapes if isinstance(each, Text) and each.text.endswith(":00")]
    assert [each.text for each in labels] == ["12:00", "18:00", "00:00", "06:00"]
    assert all(left.bounds.right < right.bounds.left for left, right in pairwise(labels))


def test_a_name_that_cannot_be_drawn_is_replaced_by_the_slug() -> None:
    """A name that can't be drawn is replaced by the slug, and a long one is cut."""
    written = texts(week(FailedOften("日本語", "nihongo", 3, 4), FailedOften("x" * 500, "x", 2, 4)))
    assert "nihongo" in written
    assert any(one.endswith("x…") for one in written)
