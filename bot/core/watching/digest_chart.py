"""The data of a digest's picture: successful and failed runs, by hour or by day, and the most frequent failures.

`bot.charts.digest` draws it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Literal

from bot.core.text.text import cut, plural

By = Literal["hour", "day"]

HOUR = timedelta(hours=1)
# More hours than this are shown by day.
HOURS_MOST = 48
MOST_FAILED = 3
# Slack's limit for an image's alternative text.
ALT_LIMIT = 1000
NAME_SHOWN = 60


@dataclass(frozen=True, slots=True)
class RunsBar:
    """The runs that ended in an hour or on a date. `begins` has the time zone of the digest."""

    begins: datetime
    succeeded: int = 0
    failed: int = 0

    @property
    def runs(self) -> int:
        """How many runs ended."""
        return self.succeeded + self.failed


@dataclass(frozen=True, slots=True)
class FailedOften:
    """A schedule with many failures."""

    name: str
    slug: str
    failures: int
    runs: int


@dataclass(frozen=True, slots=True)
class DigestChart:
    """The bars of a digest, the oldest first, and the schedules that failed most. `zone` names the bars' time zone."""

    by: By
    zone: str
    since: datetime
    bars: tuple[RunsBar, ...]
    most_failed: tuple[FailedOften, ...] = ()

    @property
    def runs(self) -> int:
        """How many runs ended."""
        return sum(bar.runs for bar in self.bars)

    @property
    def failed(self) -> int:
        """How many runs failed."""
        return sum(bar.failed for bar in self.bars)

    @property
    def succeeded(self) -> int:
        """How many runs succeeded."""
        return self.runs - self.failed

    @property
    def title(self) -> str:
        """The title of the chart."""
        return f"Runs by {self.by}"

    @property
    def summary(self) -> str:
        """The numbers of the digest's first line."""
        percent = self.succeeded * 100 // self.runs if self.runs else 100
        return f"{plural(self.runs, 'run')}, {percent}% succeeded, since {self.since:%-d %b, %H:%M} ({self.zone})"


def digest_chart(
    hours: Mapping[datetime, tuple[int, int]],
    failed: Sequence[FailedOften],
    since: datetime,
    until: datetime,
    zone: tzinfo,
    zone_name: str,
) -> DigestChart:
    """Arrange runs and failures, counted by whole hours, by the clock of a time zone.

    An hour belongs to the date on which it begins in that time zone.
    """
    begins = [since + HOUR * number for number in range(max(0, round((until - since) / HOUR)))]
    by: By = "hour" if len(begins) <= HOURS_MOST else "day"
    bars: dict[object, RunsBar] = {}
    for at in begins:
        local = at.astimezone(zone)
        runs, failures = hours.get(at, (0, 0))
        place = at if by == "hour" else local.date()
        bar = bars.get(place) or RunsBar(local)
        bars[place] = RunsBar(bar.begins, bar.succeeded + runs - failures, bar.failed + failures)
    worst = sorted((one for one in failed if one.failures), key=lambda one: (-one.failures, one.name))
    return DigestChart(by, zone_name, since.astimezone(zone), tuple(bars.values()), tuple(worst[:MOST_FAILED]))


def alt_text(shown: DigestChart) -> str:
    """The same figures in words, for the picture's alternative text."""
    most = "; ".join(f"{cut(one.name, NAME_SHOWN)}: {one.failures} of {one.runs}" for one in shown.most_failed)
    parts = [f"{shown.title}. {shown.summary}."]
    parts += [f"Most failures: {most}."] if most else []
    counts = [f"{_when(bar, shown.by)} {_count(bar)}" for bar in shown.bars if bar.runs]
    return cut(" ".join([*parts, f"{'; '.join(counts)}."] if counts else parts), ALT_LIMIT)


def _count(bar: RunsBar) -> str:
    return f"{bar.runs} ({bar.failed} failed)" if bar.failed else str(bar.runs)


def _when(bar: RunsBar, by: By) -> str:
    return f"{bar.begins:%H:%M}" if by == "hour" else f"{bar.begins:%a %-d %b}"
