"""The frame of a bar chart."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bot.charts import axes
from bot.charts.axes import SECOND_STEPS, Frame, ticks
from bot.charts.shapes import Box, Fill, Text
from bot.core.text.text import duration

FRAME = Frame(Box(100, 50, 200, 100), 10.0, 4)
FILL = Fill("#000001")


def test_a_value_has_its_height() -> None:
    """A value's height is always between the lower and the upper edge."""
    assert [FRAME.y(value) for value in (0, 5, 10, 11, -1)] == [150, 100, 50, 50, 150]


def test_bars_stand_side_by_side() -> None:
    """Bars are side by side, each in its slot and on the lower edge."""
    boxes = [FRAME.bar(at, 5, FILL).box for at in range(4)]
    assert all(left.right < right.left for left, right in pairwise(boxes))
    assert all(FRAME.area.contains(each) for each in boxes)
    assert {each.bottom for each in boxes} == {150}
    assert {each.height for each in boxes} == {50}


def test_bars_are_stacked() -> None:
    """A stacked bar begins where the one below it ends."""
    lower, upper = FRAME.bar(0, 2, FILL).box, FRAME.bar(0, 3, FILL, base=2).box
    assert upper.bottom == lower.top
    assert upper.top == FRAME.y(5)


@pytest.mark.parametrize(
    ("top", "labels"),
    [
        (95, ["0 s", "20 s", "40 s", "1 min", "1 min 20 s"]),
        (1400, ["0 s", "5 min", "10 min", "15 min", "20 min"]),
        (1, ["0 s", "1 s"]),
        (30 * 86400, ["0 s", "7 d", "14 d", "21 d", "28 d"]),
    ],
)
def test_ticks_are_round(top: float, labels: list[str]) -> None:
    """Ticks are round in units of time, from zero, and at most six."""
    assert [duration(value) for value in ticks(top, SECOND_STEPS)] == labels


def test_a_scale_beyond_all_steps_has_ticks_too() -> None:
    """A scale beyond all steps has ticks at five equal parts."""
    assert ticks(1000.0, (1, 2)) == [0, 200, 400, 600, 800, 1000]


def test_grid_lines_have_their_labels_to_the_left() -> None:
    """Labels of grid lines are to their left, with as much room as they need."""
    texts = [each for each in axes.grid(FRAME, [0, 5, 10], duration) if isinstance(each, Text)]
    assert [each.text for each in texts] == ["0 s", "5 s", "10 s"]
    assert all(each.bounds.right < FRAME.area.left for each in texts)
    assert min(each.bounds.left for each in texts) == pytest.approx(100 - axes.labels_width([0, 5, 10], duration))


def test_a_label_below_stays_within_the_frame() -> None:
    """A label below is in the middle of its bar, or at the edge that it would cross."""
    assert axes.below(FRAME, 1, "i").x == FRAME.center(1)
    first, last = (axes.below(FRAME, at, "a long label").bounds for at in (0, 3))
    assert first.left == FRAME.area.left
    assert last.right == FRAME.area.right
    assert first.top > FRAME.area.bottom
