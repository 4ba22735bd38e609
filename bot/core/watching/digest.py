"""The figures of a channel's digest.

`bot.flows.read_digest` reads the counts, and `bot.core.views.digest` puts the figures into words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.model.incident import Incident
from bot.core.watching.tally import Tally

# A schedule counts as slowing down if its median has grown by this factor and by this many seconds.
SLOWER_FACTOR = 1.5
SLOWER_BY_S = 60.0
# Medians of fewer runs than these aren't compared.
RUNS_COMPARED = 3


@dataclass(frozen=True, slots=True)
class DigestRow:
    """A schedule in a digest, with its counts in the digest's period and in the four weeks before.

    `missed_now` is a slot that has no run so far, and that isn't counted yet.
    """

    name: str
    slug: str
    tally: Tally
    before: Tally
    missed_now: datetime | None = None

    @property
    def missed(self) -> int:
        """How many slots had no run."""
        return self.tally.missed + (self.missed_now is not None)

    @property
    def missed_last(self) -> datetime | None:
        """The latest slot without a run, or None if there's none."""
        return self.missed_now or self.tally.missed_last


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a digest. `rows` are the watched schedules, and `failing` are the channel's open incidents.

    `stale_since` is when Bolt was last read, if that's too long ago for the figures to be complete.
    """

    since: datetime
    until: datetime
    rows: Sequence[DigestRow]
    failing: Sequence[Incident] = ()
    stale_since: datetime | None = None

    @property
    def runs(self) -> int:
        """How many runs there were."""
        return sum(row.tally.runs for row in self.rows)

    @property
    def failures(self) -> int:
        """How many runs failed."""
        return sum(row.tally.failures for row in self.rows)

    @property
    def succeeded_percent(self) -> int:
        """The percentage of the runs that succeeded, rounded down: 100 only if none failed."""
        return (self.runs - self.failures) * 100 // self.runs if self.runs else 100

    def missed(self) -> list[DigestRow]:
        """Schedules that had slots without a run, those with the most first."""
        return sorted((row for row in self.rows if row.missed), key=lambda row: (-row.missed, row.name))

    def over(self) -> list[DigestRow]:
        """Schedules that failed and aren't failing anymore, those with the most failures first."""
        failing = {one.schedule for one in self.failing}
        found = [row for row in self.rows if row.tally.failures and row.slug not in failing]
        return sorted(found, key=lambda row: (-row.tally.failures, row.name))

    def by_hint(self) -> list[tuple[str, int]]:
        """Failures by the id of their hint, most frequent first. Failures without a hint are left out."""
        found: dict[str, int] = {}
        for row in self.rows:
            for hint, count in row.tally.hints.items():
                found[hint] = found.get(hint, 0) + count
        return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))

    def slower(self) -> list[tuple[DigestRow, float, float]]:
        """Schedules that have slowed down, with their median durations now and before, in seconds, the worst first."""
        found = []
        for row in self.rows:
            now, before = row.tally.median_s, row.before.median_s
            if now is None or before is None or sum(row.before.durations.values()) < RUNS_COMPARED:
                continue
            if now >= before * SLOWER_FACTOR and now - before >= SLOWER_BY_S:
                found.append((row, now, before))
        return sorted(found, key=lambda one: -one[1] / one[2])

    def slowest(self) -> list[tuple[DigestRow, float]]:
        """Schedules with their median duration in seconds, the slowest first."""
        found = [(row, median_s) for row in self.rows if (median_s := row.tally.median_s) is not None]
        return sorted(found, key=lambda one: -one[1])
