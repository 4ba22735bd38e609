"""The legend of a chart."""

from __future__ import annotations

from bot.charts.legend import ROW, Entry, legend, rows
from bot.charts.shapes import Box, Fill, Line, Rectangle, Text

FILL = Entry(Fill("#000001"), "a fill")
LINE = Entry(Line(0, 0, 0, 0, "#000002", 2, (6, 4)), "a line")


def test_as_many_as_fit_are_in_a_row() -> None:
    """A row has as many entries as fit, and the others are in the next rows."""
    assert rows([FILL] * 5, FILL.width * 3) == [[FILL] * 2, [FILL] * 2, [FILL]]
    assert rows([FILL], 1) == [[FILL]]
    assert rows([], 100) == []


def test_each_has_its_sample_and_its_words() -> None:
    """Each entry has its sample and words side by side, within its row."""
    sample, words, line, more = legend([[FILL], [LINE]], 10, 100)
    assert isinstance(sample, Rectangle)
    assert isinstance(words, Text)
    assert isinstance(line, Line)
    assert isinstance(more, Text)
    assert (sample.fill, words.text, line.dash, more.text) == (FILL.sample, "a fill", (6, 4), "a line")
    assert sample.bounds.right < words.bounds.left
    assert line.x1 < line.x2 < more.x
    assert Box(10, 100, FILL.width, ROW).contains(sample.bounds)
    assert Box(10, 100 + ROW, LINE.width, ROW).contains(line.bounds)
