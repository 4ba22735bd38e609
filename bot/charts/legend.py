"""The legend: samples of fills and lines with what they mean, in as many rows as they need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.charts.axes import GAP, INK, TEXT
from bot.charts.fonts import font
from bot.charts.shapes import Box, Fill, Line, Rectangle, Shape, Text

SAMPLE_WIDTH, SAMPLE_HEIGHT = 26.0, 14.0
BETWEEN = 24.0
ROW = 28.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A sample and its meaning. A line's coordinates are ignored: only its style counts."""

    sample: Fill | Line
    label: str

    @property
    def width(self) -> float:
        """The width of the sample and its text."""
        return SAMPLE_WIDTH + GAP + font("regular").width(self.label, TEXT)


def rows(entries: Sequence[Entry], width: float) -> list[list[Entry]]:
    """Break entries into rows."""
    found: list[list[Entry]] = []
    used = 0.0
    for entry in entries:
        if found and used + BETWEEN + entry.width <= width:
            found[-1].append(entry)
            used += BETWEEN + entry.width
        else:
            found.append([entry])
            used = entry.width
    return found


def legend(broken: Sequence[Sequence[Entry]], left: float, top: float) -> list[Shape]:
    """Draw rows of entries, each as high as ROW."""
    shapes: list[Shape] = []
    for number, row in enumerate(broken):
        middle, x = top + ROW * (number + 0.5), left
        for entry in row:
            shapes += _entry(entry, x, middle)
            x += entry.width + BETWEEN
    return shapes


def _entry(entry: Entry, left: float, middle: float) -> list[Shape]:
    sample: Shape
    if isinstance(entry.sample, Fill):
        sample = Rectangle(Box(left, middle - SAMPLE_HEIGHT / 2, SAMPLE_WIDTH, SAMPLE_HEIGHT), entry.sample)
    else:
        sample = replace(entry.sample, x1=left, y1=middle, x2=left + SAMPLE_WIDTH, y2=middle)
    return [sample, Text(left + SAMPLE_WIDTH + GAP, middle + TEXT * 0.36, entry.label, TEXT, INK)]
