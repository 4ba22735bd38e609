"""Counts of ends and of slots without a run, by day and schedule: runs, failures, hints, and a sketch of durations.

Ends and missed slots are also counted by the hour (in UTC), so that the 24 hours before any hour add up exactly.

`bot.core.watching.digest` computes a digest's figures from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import log

from bot.core.model.discovery import Count
from bot.core.model.run_end import RunEnd, WatchedSchedule
from bot.core.model.watch import Watch
from bot.core.watching.counted_runs import counts, expects_slots

# Durations are kept to within 5 percent, as the nearest power of this number.
_BASE = 1.1
_RUNS, _FAILURES, _HINT, _DURATION, _MISSED = "r", "f", "h", "d", "s"
# A slot without a run is counted at the time when this grace period was over: a digest can't report it earlier.
MISSED_AFTER = timedelta(minutes=30)

# One schedule's counts for one day, by field, as they're stored.
Day = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Tally:
    """A schedule's counts for a period.

    `hints` are the failures by hint id; `durations` is the sketch. `missed` counts the slots without a run; the latest
    was at `missed_last`.
    """

    runs: int = 0
    failures: int = 0
    hints: Mapping[str, int] = field(default_factory=dict)
    durations: Mapping[int, int] = field(default_factory=dict)
    missed: int = 0
    missed_last: datetime | None = None

    @property
    def median_s(self) -> float | None:
        """The median duration of its successful runs in seconds, or None if there were none."""
        left = (sum(self.durations.values()) + 1) // 2
        for power, count in sorted(self.durations.items()):
            left -= count
            if left <= 0:
                return float(_BASE**power)
        return None


def tally_name(slug: str, branch: str | None) -> str:
    """The name under which a schedule's runs are counted. Watches on another branch have their own counts."""
    return f"{slug}@{branch}" if branch else slug


def counts_of(
    end: RunEnd, watches: Iterable[Watch], schedule: WatchedSchedule, now: datetime, *, late: bool
) -> tuple[Count, ...]:
    """The counts for an end, one for each branch that's watched.

    `late`: the end was counted before, and its log has been read since. Runs that neither failed nor succeeded don't
    count.
    """
    at = (end.ended_at or end.started_at or now).astimezone(UTC)
    day, hour = at.strftime("%Y-%m-%d"), at.strftime("%H")
    if not (end.has_failed or end.state == "SUCCESS"):
        return ()
    fields = [f"{_RUNS}{hour}", *([f"{_FAILURES}{hour}"] if end.has_failed else [])] if not late else []
    if end.has_failed and end.cause is not None and end.cause.id:
        fields.append(f"{_HINT}{hour}:{end.cause.id}")
    if not late and end.state == "SUCCESS" and end.parent is None and end.started_at and end.ended_at:
        fields.append(f"{_DURATION}:{_power((end.ended_at - end.started_at).total_seconds())}")
    fitting = {watch.branch: watch for watch in watches if counts(end, watch, schedule)}
    return tuple(Count(day, tally_name(schedule.slug, branch), one) for branch in fitting for one in fields)


def count_missed(slot: datetime, watches: Iterable[Watch], schedule: WatchedSchedule) -> tuple[Count, ...]:
    """Count a slot without a run, once for each branch among the watches that cover the scheduler's runs."""
    at = (slot + MISSED_AFTER).astimezone(UTC)
    branches = {watch.branch for watch in watches if expects_slots(watch, schedule)}
    name = f"{_MISSED}{at:%H%M}"
    return tuple(Count(f"{at:%Y-%m-%d}", tally_name(schedule.slug, one), name) for one in sorted(branches, key=str))


def days_of(since: datetime, until: datetime) -> list[str]:
    """The names of the days to which the counts between two times belong."""
    first, last = since.astimezone(UTC).date(), until.astimezone(UTC).date()
    return [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]


def whole_hour(at: datetime) -> datetime:
    """The start of the hour that a time is in, because counts are kept only by the hour."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def add_up(days: Mapping[str, Day], since: datetime, until: datetime) -> Tally:
    """Add up the counts between two whole hours. Durations are kept by day, so those of whole days are included."""
    runs = failures = 0
    hints: dict[str, int] = {}
    missed: dict[datetime, int] = {}
    whole = Tally()
    for day, fields in days.items():
        whole = _with_durations(whole, fields)
        for name, count in fields.items():
            kind, hour = name[0], name[1:3]
            if kind not in {_RUNS, _FAILURES, _HINT, _MISSED} or not since <= _hour(day, hour) < until:
                continue
            runs += count if kind == _RUNS else 0
            failures += count if kind == _FAILURES else 0
            if kind == _HINT:
                hints[name[4:]] = hints.get(name[4:], 0) + count
            if kind == _MISSED:
                missed[_hour(day, hour) + timedelta(minutes=int(name[3:5])) - MISSED_AFTER] = count
    return replace(
        whole,
        runs=runs,
        failures=failures,
        hints=hints,
        missed=sum(missed.values()),
        missed_last=max(missed, default=None),
    )


def runs_by_hour(days: Mapping[str, Day]) -> dict[datetime, tuple[int, int]]:
    """How many runs ended in each hour, and how many of them failed."""
    found: dict[datetime, tuple[int, int]] = {}
    for day, fields in days.items():
        for name, count in fields.items():
            if name[0] in {_RUNS, _FAILURES}:
                hour = _hour(day, name[1:3])
                runs, failures = found.get(hour, (0, 0))
                found[hour] = (runs + count, failures) if name[0] == _RUNS else (runs, failures + count)
    return found


def _with_durations(tally: Tally, fields: Day) -> Tally:
    found = dict(tally.durations)
    for name, count in fields.items():
        if name[0] == _DURATION:
            power = int(name[2:])
            found[power] = found.get(power, 0) + count
    return replace(tally, durations=found)


def _hour(day: str, hour: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour}:00").replace(tzinfo=UTC)


def _power(seconds: float) -> int:
    return round(log(max(1.0, seconds), _BASE))
