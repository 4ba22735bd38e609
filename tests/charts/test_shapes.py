"""The area that a shape covers."""

from __future__ import annotations

import pytest

from bot.charts.shapes import Anchor, Box, Line, Picture, Text


def test_a_box_contains_what_is_inside() -> None:
    """A box contains any box inside it, even one that touches its edges."""
    outer = Box(0, 0, 10, 10)
    assert outer.contains(Box(0, 0, 10, 10))
    assert outer.contains(Box(3, 3, 2, 2))
    assert not any(
        outer.contains(each) for each in (Box(-1, 0, 2, 2), Box(0, -1, 2, 2), Box(9, 0, 2, 2), Box(0, 9, 2, 2))
    )


@pytest.mark.parametrize("anchor", ["start", "middle", "end"])
def test_a_text_takes_its_width_from_its_anchor(anchor: Anchor) -> None:
    """A text extends from its anchor to the right, to both sides, or to the left."""
    text = Text(100, 50, "word", 20, "#000000", anchor=anchor)
    assert text.bounds.left == pytest.approx(100 - {"start": 0, "middle": 0.5, "end": 1}[anchor] * text.width)
    assert text.bounds.width == text.width > 0
    assert text.bounds.top < 50 < text.bounds.bottom


def test_a_line_is_as_thick_as_its_stroke() -> None:
    """A line is as thick as its stroke, measured across its direction."""
    assert Line(0, 5, 10, 5, "#000000", 2).bounds == Box(0, 4, 10, 2)
    assert Line(5, 0, 5, 10, "#000000", 2).bounds == Box(4, 0, 2, 10)
    assert Line(9, 9, 1, 1, "#000000", 2).bounds == Box(0, 0, 10, 10)


def test_a_picture_takes_all_of_it() -> None:
    """A picture's bounds start at the top left."""
    assert Picture(3, 4, "#ffffff", ()).bounds == Box(0, 0, 3, 4)
