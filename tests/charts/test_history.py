"""The chart of a history: what's in it, and that nothing is cut off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.charts.history import FILLS, LETTERS, history_picture
from bot.charts.legend import SAMPLE_WIDTH
from bot.charts.shapes import Line, Rectangle, Text
from bot.core.runs.history import Bar, History, Outcome
from tests.core.runs.test_history import of

BEGAN = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
BARS = st.builds(
    Bar,
    st.integers(1, 10**9),
    st.sampled_from(get_args(Outcome)),
    # Most are alike, so that only a few bars are cut off.
    st.none() | st.floats(0, 1000) | st.floats(0, 1000) | st.floats(0, 1e9),
    st.none() | BEGAN,
)
# Any characters, and characters that can be drawn.
NAMES = st.text(max_size=200) | st.text("mWil_- é/", max_size=200)
HISTORIES = st.builds(History, NAMES, st.lists(BARS, min_size=1, max_size=110).map(tuple))


def texts(shown: History) -> list[str]:
    """All texts in a chart."""
    return [each.text for each in history_picture(shown).shapes if isinstance(each, Text)]


@settings(max_examples=150, deadline=None)
@given(HISTORIES)
def test_nothing_is_outside_of_the_picture(shown: History) -> None:
    """For any name, runs and durations, nothing is outside the picture, and everything else is below the title."""
    picture = history_picture(shown)
    for shape in picture.shapes:
        assert picture.bounds.contains(shape.bounds), shape
    title = [each for each in picture.shapes[:2] if isinstance(each, Text)]
    for shape in picture.shapes[len(title) :]:
        assert shape.bounds.top >= title[-1].bounds.bottom, shape


@settings(max_examples=50, deadline=None)
@given(HISTORIES)
def test_every_run_has_its_bar(shown: History) -> None:
    """Every run has a bar in its color; the bars are side by side, and none is flat."""
    rectangles = [each for each in history_picture(shown).shapes if isinstance(each, Rectangle)]
    bars = rectangles[: len(shown.bars)]
    assert [each.fill for each in bars] == [FILLS[bar.outcome] for bar in shown.bars]
    assert all(left.box.right < right.box.left for left, right in pairwise(bars))
    assert all(each.box.height > 2 for each in bars)


def test_it_says_what_the_words_beside_it_say() -> None:
    """The chart has the name, number, rate, outcomes, median and p95, and the first and last day."""
    assert texts(of(("S", 100), ("F", 40), ("C", 10), ("S", 120))) == [
        *("Nightly", "4 runs, success rate 67%"),
        *("0 s", "30 s", "1 min", "1 min 30 s", "2 min"),
        *("F", "C"),
        *("1 Nov 2026", "4 Nov 2026"),
        *("2 succeeded", "1 failed (F)", "1 cancelled (C)", "median 1 min 50 s", "p95 2 min"),
    ]


def test_runs_of_a_few_days_have_their_time_of_day() -> None:
    """If the runs span a few days, the labels have the time of day, in UTC."""
    assert {"1 Nov 02:00 UTC", "2 Nov 02:00 UTC"} <= set(texts(of(("S", 100), ("S", 40))))


def test_a_run_cut_off_says_how_long_it_took() -> None:
    """Of bars that are cut off, only the longest shows its duration; each has a gap and an arrow or a letter."""
    shown = of(*[("S", 100.0)] * 30, ("F", 259_200.0), ("S", 9000.0))
    written = texts(shown)
    assert "↑ 3 d" in written
    assert "↑" in written
    gaps = [each for each in history_picture(shown).shapes if isinstance(each, Line) and each.y1 > each.y2]
    assert len(gaps) == 2


@pytest.mark.parametrize("at", [0, 30])
def test_the_length_of_a_run_at_the_edge_stays_inside(at: int) -> None:
    """A duration at the chart's edge is aligned with the edge, so it stays inside the chart."""
    runs: list[tuple[str, float | None]] = [("S", 100.0)] * 30
    runs.insert(at, ("F", 259_200.0))
    picture = history_picture(of(*runs))
    (label,) = [each for each in picture.shapes if isinstance(each, Text) and each.text == "↑ 3 d"]
    assert label.anchor == ("end" if at else "start")
    assert picture.bounds.contains(label.bounds)


def test_lines_above_the_scale_are_said_so() -> None:
    """Lines above the scale can't be drawn, so the legend says so."""
    shown = of(*[("F", 10.0)] * 30, ("S", 5000.0))
    assert [each for each in texts(shown) if each.endswith("(above)")] == [
        "median 1 h 23 min (above)",
        "p95 1 h 23 min (above)",
    ]
    lines = [each for each in history_picture(shown).shapes if isinstance(each, Line) and each.width == 1.8]
    assert {each.x2 - each.x1 for each in lines} == {SAMPLE_WIDTH}, "only the legend has them"


def test_a_name_that_cannot_be_drawn_is_left_out() -> None:
    """A name that can't be drawn is left out, and the numbers take its place."""
    assert texts(History("日本語", of(("S", 1), ("S", 2)).bars))[0] == "2 runs, success rate 100%"


def test_a_long_name_is_cut() -> None:
    """A long name is cut to the chart's width."""
    assert texts(History("x" * 5000, of(("S", 1), ("S", 2)).bars))[0].endswith("x…")


def test_outcomes_are_told_apart_without_color() -> None:
    """Every outcome except success has its own pattern and letter, so color isn't needed."""
    others = [one for one in FILLS if one != "succeeded"]
    assert len({FILLS[one].pattern for one in others}) == len({LETTERS[one] for one in others}) == len(others)
    assert all(FILLS[one].pattern and LETTERS[one] for one in others)


def test_unknown_starts_have_no_label() -> None:
    """An unknown start has no label at either end."""
    bars = tuple(Bar(each, "succeeded", 1.0, None) for each in range(5))
    assert not [each for each in texts(History("a", bars)) if "20" in each]
    late = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=40)
    last = Bar(9, "succeeded", 1.0, late)
    assert [each for each in texts(History("a", (*bars, last))) if "2026" in each or "UTC" in each] == [
        "10 Feb 00:00 UTC"
    ]
