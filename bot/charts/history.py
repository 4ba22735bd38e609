"""The picture of a schedule's history: a bar for each run, as high as its duration.

The colors are Okabe and Ito's, which color-blind people can distinguish; every outcome but success also has a pattern
and a letter.

The figures come from `bot.core.runs.history`; `bot.flows.history` posts the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, timedelta

from bot.charts import axes, legend
from bot.charts.axes import GAP, INK, PAPER, QUIET, TEXT, Frame
from bot.charts.fonts import font
from bot.charts.legend import Entry
from bot.charts.shapes import Box, Fill, Line, Picture, Shape, Text
from bot.core.runs.history import OUTCOMES, Bar, History, Outcome, ceiling_s, percent
from bot.core.text.text import duration, plural

WIDTH, HEIGHT = 640.0, 480.0
MARGIN = 20.0
TITLE = 23.0
# Shorter histories are labeled with the time of day too.
SHORT = timedelta(days=3)
FILLS: dict[Outcome, Fill] = {
    "succeeded": Fill("#0072b2"),
    "failed": Fill("#d55e00", "stripes", PAPER),
    "cancelled": Fill("#8c8c94", "dots", PAPER),
    "skipped": Fill("#f0e442", "lines", INK),
    "other": Fill("#cc79a7", "crosses", PAPER),
}
LETTERS: dict[Outcome, str] = {"succeeded": "", "failed": "F", "cancelled": "C", "skipped": "S", "other": "?"}
# Letters get smaller with the bars, as long as they can still be read.
LETTER_LEAST, LETTER_MOST = 10.0, 17.0
# A bar without a duration must still be visible.
BAR_LEAST = 3.0
# A sample in the legend begins and ends with a dash.
DASHES = (6.0, 4.0)


def history_picture(shown: History) -> Picture:
    """Lay out the picture of a history."""
    top = ceiling_s(shown)
    rows = [
        *legend.rows(_outcomes(shown), WIDTH - 2 * MARGIN),
        *legend.rows(_entries_of_lines(shown, top), WIDTH - 2 * MARGIN),
    ]
    legend_top = HEIGHT - MARGIN / 2 - legend.ROW * len(rows)
    values = axes.ticks(top, axes.SECOND_STEPS)
    title = _title(shown)
    left = MARGIN + axes.labels_width(values, duration)
    # One line of letters fits above the highest bar, and two above one that is cut off.
    is_cut = any(bar.seconds is not None and bar.seconds > top for bar in shown.bars)
    upper = title[-1].bounds.bottom + GAP + LETTER_MOST * (2.6 if is_cut else 1.5)
    lower = legend_top - TEXT * 2.2
    frame = Frame(Box(left, upper, WIDTH - MARGIN - left, lower - upper), top, len(shown.bars))
    return Picture(
        WIDTH,
        HEIGHT,
        PAPER,
        (
            *title,
            *axes.grid(frame, values, duration),
            *_bars(frame, shown),
            axes.base_line(frame),
            *(
                frame.level(length_s, color=line.color, width=line.width, dash=line.dash)
                for length_s, line in _lines(shown)
                if length_s <= top
            ),
            *_letters(frame, shown),
            *_days(frame, shown.bars),
            *legend.legend(rows, MARGIN, legend_top),
        ),
    )


def _title(shown: History) -> list[Text]:
    """The name and the numbers; the numbers alone if the name can't be drawn. The message has the whole name."""
    rate = shown.success_rate
    numbers = plural(len(shown.bars), "run") + (f", success rate {percent(rate)}" if rate is not None else "")
    bold = font("semibold")
    # A little less than the available width, because kerning isn't counted.
    name = bold.fitted(bold.drawable(shown.name), TITLE, (WIDTH - 2 * MARGIN) * 0.98)
    first = Text(MARGIN, MARGIN + TITLE * 0.8, name or numbers, TITLE, INK, "semibold")
    return [first, Text(MARGIN, first.baseline + TEXT * 1.5, numbers, TEXT, QUIET)] if name else [first]


def _bars(frame: Frame, shown: History) -> list[Shape]:
    least = BAR_LEAST / frame.area.height * frame.top
    shapes: list[Shape] = []
    for at, bar in enumerate(shown.bars):
        drawn = frame.bar(at, max(bar.seconds or 0.0, least), FILLS[bar.outcome])
        shapes.append(drawn)
        if _is_cut(frame, bar):
            # A gap shows that the bar continues.
            y, half = drawn.box.top + 16, drawn.box.width / 2
            middle = frame.center(at)
            shapes.append(Line(middle - half, y + 4, middle + half, y - 4, PAPER, 5))
    return shapes


def _is_cut(frame: Frame, bar: Bar) -> bool:
    return bar.seconds is not None and bar.seconds > frame.top


def _letters(frame: Frame, shown: History) -> list[Shape]:
    """The text above the bars: the outcomes' letters, and the longest run's duration if its bar is cut off.

    Only the longest run is labeled with its duration, because adjacent labels couldn't be read.
    """
    size = min(LETTER_MOST, max(LETTER_LEAST, frame.pitch * 1.1))
    longest, shapes = shown.longest, list[Shape]()
    for at, bar in enumerate(shown.bars):
        letter = LETTERS[bar.outcome]
        above = min(frame.y(bar.seconds or 0.0), frame.area.bottom - BAR_LEAST) - 5
        if letter:
            shapes.append(Text(frame.center(at), above, letter, size, INK, "semibold", "middle", PAPER))
        if not _is_cut(frame, bar):
            continue
        if bar is longest:
            label = f"↑ {duration(bar.seconds or 0.0)}"
            text = Text(frame.center(at), above - LETTER_MOST * 1.2, label, LETTER_MOST, INK, anchor="middle")
            shapes.append(axes.within(frame.area.left, frame.area.right, text))
        elif not letter:
            shapes.append(Text(frame.center(at), above, "↑", size, INK, anchor="middle", halo=PAPER))
    return shapes


def _lines(shown: History) -> list[tuple[float, Line]]:
    """The median and the 95th percentile, with the styles of their lines."""
    looks = ((shown.median_s, ()), (shown.p95_s, DASHES))
    return [(length_s, Line(0, 0, 0, 0, INK, 1.8, dash)) for length_s, dash in looks if length_s is not None]


def _outcomes(shown: History) -> list[Entry]:
    """How many runs had each outcome."""
    return [
        Entry(FILLS[each], f"{shown.count(each)} {each}{f' ({LETTERS[each]})' if LETTERS[each] else ''}")
        for each in OUTCOMES
        if shown.count(each)
    ]


def _entries_of_lines(shown: History, top: float) -> list[Entry]:
    return [
        Entry(line, f"{word} {duration(length_s)}{' (above)' if length_s > top else ''}")
        for word, (length_s, line) in zip(("median", "p95"), _lines(shown), strict=False)
    ]


def _days(frame: Frame, bars: Sequence[Bar]) -> list[Shape]:
    """Label the first and the last bar with their start, if known.

    The labels include the time of day if the two starts are close together.
    """
    ends = {0: bars[0].started_at, len(bars) - 1: bars[-1].started_at}
    known = {at: began.astimezone(UTC) for at, began in ends.items() if began is not None}
    is_short = bool(known) and max(known.values()) - min(known.values()) < SHORT
    return [
        axes.below(frame, at, f"{began:%-d %b %H:%M} UTC" if is_short else f"{began:%-d %b %Y}")
        for at, began in known.items()
    ]
