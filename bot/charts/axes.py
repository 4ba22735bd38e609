"""The frame of a bar chart: a scale, grid lines with labels, a slot for each bar, and labels below the bars.

Values are in any unit, as long as the ticks and the bars of a frame use the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.charts.fonts import font
from bot.charts.shapes import Anchor, Box, Fill, Line, Rectangle, Shape, Text

INK, QUIET, PAPER, GRID = "#1d1c1d", "#55555a", "#ffffff", "#dddde2"
# Sized for a phone: at a third of the PNG's size, these letters are still 9 points high.
TEXT = 18.0
# The space between a label and what it labels.
GAP = 8.0
# The part of its slot that a bar takes up.
BAR_PART = 0.82
TICKS_MOST = 5
SECOND_STEPS = (
    *(1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800),
    *(3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """The area of a chart's bars. `top` is the value at its upper edge; the lower edge is 0."""

    area: Box
    top: float
    count: int

    def y(self, value: float) -> float:
        """The y coordinate of a value. A value above the scale has the upper edge's coordinate."""
        return self.area.bottom - self.area.height * min(max(value, 0.0), self.top) / self.top

    @property
    def pitch(self) -> float:
        """The width of a slot."""
        return self.area.width / max(1, self.count)

    def center(self, at: int) -> float:
        """The middle of a slot."""
        return self.area.left + self.pitch * (at + 0.5)

    def bar(self, at: int, value: float, fill: Fill, *, base: float = 0.0) -> Rectangle:
        """A bar from one value up to another. In a stack, each bar begins where the one below ends."""
        width = self.pitch * BAR_PART
        upper, lower = self.y(base + value), self.y(base)
        return Rectangle(Box(self.center(at) - width / 2, upper, width, lower - upper), fill)

    def level(self, value: float, *, color: str, width: float, dash: tuple[float, ...] = ()) -> Line:
        """A line across all bars, on whole pixels so that it's crisp."""
        y = round(self.y(value) * 2) / 2
        return Line(self.area.left, y, self.area.right, y, color, width, dash)


def ticks(top: float, steps: Sequence[float]) -> list[float]:
    """Round values from 0 to the top, at most six."""
    step = next((one for one in steps if top / one <= TICKS_MOST), None) or top / TICKS_MOST
    return [step * number for number in range(int(top / step) + 1)]


def labels_width(values: Sequence[float], label: Callable[[float], str]) -> float:
    """The room that grid lines' labels need to the left of a frame."""
    return max((font("regular").width(label(value), TEXT) for value in values), default=0.0) + GAP


def grid(frame: Frame, values: Sequence[float], label: Callable[[float], str]) -> list[Shape]:
    """A line for each value, with its label to the left."""
    shapes: list[Shape] = []
    for value in values:
        shapes.append(frame.level(value, color=GRID, width=1))
        # The height of a capital letter is about three quarters of the font size, so this centers it on the line.
        baseline = frame.y(value) + TEXT * 0.36
        shapes.append(Text(frame.area.left - GAP, baseline, label(value), TEXT, QUIET, anchor="end"))
    return shapes


def base_line(frame: Frame) -> Line:
    """The line on which the bars stand."""
    return frame.level(0, color=QUIET, width=1.2)


def within(left: float, right: float, text: Text) -> Text:
    """Keep a text between two edges, by aligning it with the edge that it would cross."""
    box = text.bounds
    anchor: Anchor
    if box.left < left:
        x, anchor = left, "start"
    elif box.right > right:
        x, anchor = right, "end"
    else:
        return text
    return replace(text, x=x, anchor=anchor)


def below(frame: Frame, at: int, label: str) -> Text:
    """A label below a bar, within the frame."""
    text = Text(frame.center(at), frame.area.bottom + TEXT * 1.3, label, TEXT, INK, anchor="middle")
    return within(frame.area.left, frame.area.right, text)
