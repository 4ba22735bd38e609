"""The picture of a digest: stacked bars of the runs that ended in each hour or on each day, and what failed most.

The figures come from `bot.core.watching.digest_chart`; `bot.flows.post_digest_picture` posts the picture.
"""

from __future__ import annotations

from bot.charts import axes, legend
from bot.charts.axes import GAP, INK, PAPER, QUIET, TEXT, Frame
from bot.charts.fonts import font
from bot.charts.history import BAR_LEAST, FILLS, HEIGHT, MARGIN, TITLE, WIDTH
from bot.charts.legend import Entry
from bot.charts.shapes import Box, Picture, Rectangle, Shape, Text
from bot.core.watching.digest_chart import DigestChart, FailedOften

COUNT_STEPS = tuple(step * 10**power for power in range(7) for step in (1, 2, 5))
LABELED_HOURS = 6
COUNT = 15.0
ROW = 27.0
# The largest part of a row that a schedule's name may take up.
NAME_PART = 0.62
ROW_BAR = 14.0


def digest_picture(shown: DigestChart) -> Picture:
    """Lay out the picture of a digest."""
    top = max((bar.runs for bar in shown.bars), default=0) or 1
    rows = legend.rows(_entries(shown), WIDTH - 2 * MARGIN)
    list_top = HEIGHT - MARGIN / 2 - (ROW * (len(shown.most_failed) + 1) if shown.most_failed else 0.0)
    legend_top = list_top - legend.ROW * len(rows)
    values = axes.ticks(top, COUNT_STEPS)
    title = _title(shown)
    left = MARGIN + axes.labels_width(values, _whole)
    upper = title[-1].bounds.bottom + GAP + COUNT * 1.3
    lower = legend_top - TEXT * 2
    frame = Frame(Box(left, upper, WIDTH - MARGIN - left, lower - upper), top, len(shown.bars))
    return Picture(
        WIDTH,
        HEIGHT,
        PAPER,
        (
            *title,
            *axes.grid(frame, values, _whole),
            *_bars(frame, shown),
            axes.base_line(frame),
            *_counts(frame, shown),
            *_labels(frame, shown),
            *legend.legend(rows, MARGIN, legend_top),
            *_most_failed(shown, list_top),
        ),
    )


def _title(shown: DigestChart) -> list[Text]:
    regular, room = font("regular"), (WIDTH - 2 * MARGIN) * 0.98
    first = Text(MARGIN, MARGIN + TITLE * 0.8, shown.title, TITLE, INK, "semibold")
    return [first, Text(MARGIN, first.baseline + TEXT * 1.5, regular.fitted(shown.summary, TEXT, room), TEXT, QUIET)]


def _entries(shown: DigestChart) -> list[Entry]:
    failed = [Entry(FILLS["failed"], f"{shown.failed} failed (numbers above bars)")] if shown.failed else []
    return [Entry(FILLS["succeeded"], f"{shown.succeeded} succeeded"), *failed]


def _bars(frame: Frame, shown: DigestChart) -> list[Shape]:
    """Failures are stacked on successes, and stay visible however few they are."""
    least = BAR_LEAST / frame.area.height * frame.top
    shapes: list[Shape] = []
    for at, bar in enumerate(shown.bars):
        failed = max(bar.failed, least) if bar.failed else 0.0
        if bar.succeeded:
            height = max(least, min(bar.succeeded, frame.top - failed))
            shapes.append(frame.bar(at, height, FILLS["succeeded"]))
        if bar.failed:
            base = min(float(bar.succeeded), frame.top - failed)
            shapes.append(frame.bar(at, failed, FILLS["failed"], base=base))
    return shapes


def _counts(frame: Frame, shown: DigestChart) -> list[Shape]:
    """The number of failed runs above each bar. If any number is too wide for its bar, all are smaller."""
    widest = max((font("semibold").width(str(bar.failed), COUNT) for bar in shown.bars if bar.failed), default=0.0)
    size = min(COUNT, COUNT * frame.pitch / widest) if widest else COUNT
    return [
        Text(frame.center(at), frame.y(bar.runs) - 5, str(bar.failed), size, INK, "semibold", "middle", PAPER)
        for at, bar in enumerate(shown.bars)
        if bar.failed
    ]


def _labels(frame: Frame, shown: DigestChart) -> list[Shape]:
    """The weekdays, or every sixth hour, where there's room for a label."""
    shapes: list[Shape] = []
    right = frame.area.left - GAP
    for at, bar in enumerate(shown.bars):
        if shown.by == "hour" and bar.begins.hour % LABELED_HOURS:
            continue
        text = axes.below(frame, at, f"{bar.begins:%H:%M}" if shown.by == "hour" else f"{bar.begins:%a}")
        if text.bounds.left >= right + GAP:
            shapes.append(text)
            right = text.bounds.right
    return shapes


def _most_failed(shown: DigestChart, top: float) -> list[Shape]:
    """The schedules that failed most often: name, bar and numbers."""
    if not shown.most_failed:
        return []
    shapes: list[Shape] = [Text(MARGIN, top + ROW * 0.7, "Most failures", TEXT, INK, "semibold")]
    most = max(one.failures for one in shown.most_failed)
    for number, one in enumerate(shown.most_failed, 1):
        shapes += _row(one, most, top + ROW * number)
    return shapes


def _row(one: FailedOften, most: int, top: float) -> list[Shape]:
    regular, room = font("regular"), WIDTH - 2 * MARGIN
    baseline = top + ROW * 0.68
    numbers = f"{one.failures} of {one.runs}"
    name = regular.drawable(one.name) or regular.drawable(one.slug)
    name = regular.fitted(name, TEXT, room * NAME_PART * 0.98)
    left, right = MARGIN + room * NAME_PART + GAP, WIDTH - MARGIN - regular.width(numbers, TEXT) - GAP
    width = max(BAR_LEAST, (right - left) * one.failures / most)
    return [
        Text(MARGIN, baseline, name, TEXT, INK),
        Rectangle(Box(left, top + (ROW - ROW_BAR) / 2, width, ROW_BAR), FILLS["failed"]),
        Text(WIDTH - MARGIN, baseline, numbers, TEXT, QUIET, anchor="end"),
    ]


def _whole(value: float) -> str:
    return f"{value:.0f}"
