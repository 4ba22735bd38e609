"""The shapes that a picture is made of: rectangles, lines and texts. A unit is two pixels of the PNG.

The origin is at the top left, and y grows downward.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.charts.fonts import Weight, font

Pattern = Literal["", "stripes", "dots", "lines", "crosses"]
Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Box:
    """An area."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The bottom edge."""
        return self.top + self.height

    def contains(self, other: Box, *, slack: float = 0.01) -> bool:
        """Whether another box is inside this one, give or take `slack`."""
        return (
            other.left >= self.left - slack
            and other.top >= self.top - slack
            and other.right <= self.right + slack
            and other.bottom <= self.bottom + slack
        )


@dataclass(frozen=True, slots=True)
class Fill:
    """A color, with a pattern in another color on it."""

    color: str
    pattern: Pattern = ""
    pattern_color: str = "#ffffff"


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A filled rectangle."""

    box: Box
    fill: Fill

    @property
    def bounds(self) -> Box:
        """The area that it takes up."""
        return self.box


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line. `dash` has the lengths of its dashes and gaps; without it, the line is solid."""

    x1: float
    y1: float
    x2: float
    y2: float
    color: str
    width: float = 1.0
    dash: tuple[float, ...] = ()

    @property
    def bounds(self) -> Box:
        """The area that it takes up."""
        half = self.width / 2
        left, top = min(self.x1, self.x2), min(self.y1, self.y2)
        # Square-cut ends don't lengthen a horizontal or vertical line; a slanted line's corners reach further.
        x = half if self.y1 != self.y2 else 0.0
        y = half if self.x1 != self.x2 else 0.0
        return Box(left - x, top - y, abs(self.x2 - self.x1) + 2 * x, abs(self.y2 - self.y1) + 2 * y)


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text. `x` is where its anchor is, and `baseline` is its y.

    `halo` is a color around its letters, if any.
    """

    x: float
    baseline: float
    text: str
    size: float
    color: str
    weight: Weight = "regular"
    anchor: Anchor = "start"
    halo: str = ""

    @property
    def width(self) -> float:
        """The text's width."""
        return font(self.weight).width(self.text, self.size)

    @property
    def bounds(self) -> Box:
        """The area that it takes up, with room for descenders and accents."""
        width = self.width
        left = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return Box(left, self.baseline - self.size, width, self.size * 1.25)


Shape = Rectangle | Line | Text


@dataclass(frozen=True, slots=True)
class Picture:
    """Shapes on a background. Shapes drawn later are on top."""

    width: float
    height: float
    ground: str
    shapes: tuple[Shape, ...]

    @property
    def bounds(self) -> Box:
        """The whole picture's area."""
        return Box(0, 0, self.width, self.height)
