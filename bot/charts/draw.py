"""The drawing process: reads a history as JSON from standard input, writes a PNG to standard output.

The colors are Okabe and Ito's, which color-blind people can distinguish; every outcome but success also has a pattern
and a letter.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.insight.history import OUTCOMES, Bar, History, Outcome, ceiling_s, per_cent
from bot.core.text.text import cut, duration, plural

# Three times the memory of the largest chart.
MEMORY_MOST = 800_000_000
CPU_MOST_S = 30
TITLE_SHOWN = 38
# Shorter histories are labeled with the time of day too.
SHORT = timedelta(days=3)
INK, QUIET, PAPER, GRID = "#1d1c1d", "#4a4a4d", "#ffffff", "#d9d9de"
COLOURS: dict[Outcome, str] = {
    "succeeded": "#0072b2",
    "failed": "#d55e00",
    "cancelled": "#8c8c94",
    "skipped": "#f0e442",
    "other": "#cc79a7",
}
PATTERNS: dict[Outcome, str] = {"succeeded": "", "failed": "///", "cancelled": "...", "skipped": "---", "other": "xxx"}
LETTERS: dict[Outcome, str] = {"succeeded": "", "failed": "F", "cancelled": "C", "skipped": "S", "other": "?"}
# Sized for a phone: at a third of the size, the smallest letters are still 8 points high.
WIDTH_IN, HEIGHT_IN, DPI = 6.4, 4.8, 200
# With more bars than this, letters must be small to fit side by side.
MANY = 60
TICKS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800)


def main() -> None:
    """Read, draw, write."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MOST, MEMORY_MOST))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_MOST_S, CPU_MOST_S))
    sys.stdout.buffer.write(draw(read(json.loads(sys.stdin.buffer.read()))))


def read(given: dict[str, Any]) -> History:
    """Parse a history from JSON."""
    bars = [
        Bar(
            one["run_id"],
            one["outcome"],
            one["seconds"],
            datetime.fromisoformat(one["started_at"]) if one["started_at"] else None,
        )
        for one in given["bars"]
    ]
    return History(given["name"], tuple(bars))


def draw(shown: History) -> bytes:
    """Draw a history as a PNG."""
    # Imported here, so that importing this module doesn't load the library.
    import matplotlib as mpl  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415
    from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: PLC0415

    with mpl.rc_context({"hatch.linewidth": 1.2, "font.size": 14, "font.family": "DejaVu Sans"}):
        layout = ConstrainedLayoutEngine(w_pad=0.14, h_pad=0.1)
        figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI, facecolor=PAPER, layout=layout)
        axes = figure.add_subplot()
        top = ceiling_s(shown)
        _bars(axes, shown, top)
        _lines(axes, shown, top)
        _frame(axes, shown, top)
        figure.suptitle(_title(shown), fontsize=16, fontweight="bold", color=INK, parse_math=False)
        out = io.BytesIO()
        figure.savefig(out, format="png", facecolor=PAPER)
    return out.getvalue()


def _bars(axes: Any, shown: History, top: float) -> None:  # noqa: ANN401 - matplotlib isn't imported at module level
    # Only the longest bar gets a length, because adjacent ones would not be readable.
    room, longest = top * 0.03, shown.longest
    for at, bar in enumerate(shown.bars):
        # A bar without a duration must still be visible.
        height = max(min(bar.seconds or 0.0, top), top * 0.008)
        axes.bar(
            at,
            height,
            width=0.82,
            color=COLOURS[bar.outcome],
            hatch=PATTERNS[bar.outcome],
            edgecolor=PAPER if bar.outcome != "skipped" else INK,
            linewidth=0,
            zorder=2,
        )
        letter = LETTERS[bar.outcome]
        if letter:
            size = 13 if len(shown.bars) <= MANY else 7
            axes.text(at, height + room, letter, ha="center", va="bottom", fontsize=size, fontweight="bold", color=INK)
        if bar.seconds is not None and bar.seconds > top:
            # A gap shows that the bar continues.
            axes.plot((at - 0.6, at + 0.6), (top * 0.9, top * 0.93), color=PAPER, linewidth=4, zorder=4)
            above = top + room * (4 if letter else 1)
            axes.text(
                at,
                above,
                f"↑ {duration(bar.seconds)}" if bar is longest else "↑",
                ha=_side(at, len(shown.bars)),
                va="bottom",
                color=INK,
            )


def _side(at: int, count: int) -> str:
    """Align a label at the edge inwards."""
    part = at / max(1, count - 1)
    return "left" if part < 0.2 else "right" if part > 0.8 else "center"


def _lines(axes: Any, shown: History, top: float) -> None:  # noqa: ANN401 - as above
    for word, length_s, style in (("median", shown.median_s, "-"), ("p95", shown.p95_s, (0, (4, 3)))):
        if length_s is not None:
            where = " (above)" if length_s > top else ""
            label = f"{word} {duration(length_s)}{where}"
            axes.axhline(length_s, color=INK, linewidth=1.6, linestyle=style, zorder=3, label=label)


def _frame(axes: Any, shown: History, top: float) -> None:  # noqa: ANN401 - as above
    from matplotlib.patches import Patch  # noqa: PLC0415

    count = len(shown.bars)
    ticks = _ticks(top)
    axes.set_yticks(ticks, [duration(tick) for tick in ticks])
    is_cut = any(bar.seconds is not None and bar.seconds > top for bar in shown.bars)
    axes.set_ylim(0, top * (1.25 if is_cut else 1.12))
    axes.set_xlim(-0.7, count - 0.3)
    days = _days(shown.bars)
    axes.set_xticks([at for at, _ in days], [text for _, text in days])
    for label, side in zip(axes.get_xticklabels(), ("left", "right"), strict=False):
        label.set_horizontalalignment(side if count > 3 else "center")
    axes.tick_params(colors=INK, length=0)
    axes.set_facecolor(PAPER)
    axes.grid(axis="y", color=GRID, linewidth=0.8, zorder=0)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(QUIET)
    patches = [
        Patch(
            facecolor=COLOURS[outcome],
            hatch=PATTERNS[outcome],
            edgecolor=PAPER if outcome != "skipped" else INK,
            linewidth=0,
            label=f"{shown.count(outcome)} {outcome}{f' ({LETTERS[outcome]})' if LETTERS[outcome] else ''}",
        )
        for outcome in OUTCOMES
        if shown.count(outcome)
    ]
    lines, _ = axes.get_legend_handles_labels()
    axes.figure.legend(
        handles=[*patches, *lines],
        loc="outside lower center",
        ncols=2,
        frameon=False,
        fontsize=14,
        labelcolor=INK,
        handlelength=1.8,
        columnspacing=1.6,
    )


def _title(shown: History) -> str:
    rate = shown.success_rate
    numbers = plural(len(shown.bars), "run") + (f", success rate {per_cent(rate)}" if rate is not None else "")
    name = drawable(shown.name)
    return f"{name}\n{numbers}" if name else numbers


def drawable(name: str) -> str:
    """Return a name as far as the font can draw it, empty if the rest would be misleading.

    The message with the chart has the whole name.
    """
    from matplotlib import font_manager  # noqa: PLC0415

    known = font_manager.get_font(font_manager.findfont("DejaVu Sans:bold")).get_charmap()
    flat = " ".join(name.split())
    kept = "".join(one for one in flat if ord(one) in known and unicodedata.category(one) != "Cf")
    letters = sum(one.isalnum() for one in flat)
    # Right-to-left words would be in the wrong order.
    is_backwards = any(unicodedata.bidirectional(one) in {"R", "AL", "AN"} for one in flat)
    if is_backwards or sum(one.isalnum() for one in kept) < max(1, letters):
        return ""
    return cut(" ".join(kept.split()), TITLE_SHOWN)


def _ticks(top: float) -> list[float]:
    step = next((one for one in TICKS if top / one <= 5), None) or top / 5
    return [float(step * number) for number in range(int(top / step) + 1)]


def _days(bars: Sequence[Bar]) -> list[tuple[int, str]]:
    """Label the first and the last bar with their start, if known.

    Includes the time of day if they're close together.
    """
    ends = {0: bars[0].started_at, len(bars) - 1: bars[-1].started_at}
    known = {at: began.astimezone(UTC) for at, began in ends.items() if began is not None}
    is_short = bool(known) and max(known.values()) - min(known.values()) < SHORT
    return [(at, f"{began:%-d %b %H:%M} UTC" if is_short else f"{began:%-d %b %Y}") for at, began in known.items()]


if __name__ == "__main__":
    main()
