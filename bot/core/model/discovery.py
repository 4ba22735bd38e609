"""Discovery's record of each watched schedule, and the findings of one look at its runs.

`bot.core.watching.discovery` decides which runs are new, and `bot.flows.discover_schedules` decides when to look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.core.model.notice import Notice
from bot.core.model.run import Observation, RunFacts, RunKey
from bot.core.model.run_end import RunEnd, WatchedSchedule
from bot.core.model.slots import Slots, StoredSlots


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything known about a schedule's runs.

    `active` are the runs whose end isn't accounted for yet; they're never dropped. `final` has the newest of the other
    runs, each with its start in Unix seconds (0: unknown). `successes` has the newest success that is accounted for on
    each branch, and for each branch's pull requests: a watch decides which of them count. `begun` is True
    if the listing has been read at least once. `beginnings` name the channels for which watching the schedule has
    begun, and when. `held` are runs that wait until it's known whether one of the bot's starts made them.
    """

    active: tuple[int, ...] = ()
    final: tuple[tuple[int, float], ...] = ()
    successes: tuple[RunEnd, ...] = ()
    begun: bool = False
    beginnings: tuple[str, ...] = ()
    held: tuple[int, ...] = ()

    @property
    def floor(self) -> float:
        """The start of the oldest finished run on record, or 0. An unknown run that began before it isn't news."""
        return min((start for _, start in self.final if start), default=0)


@dataclass(frozen=True, slots=True)
class ScheduleRecord:
    """A watched schedule on record. `rev` grows with each change; `failing_in` are the channels with an open incident.

    `slots` are used to judge whether it's late, and for digests.
    """

    schedule: WatchedSchedule
    ledger: Ledger = field(default_factory=Ledger)
    rev: int = 0
    failing_in: frozenset[str] = frozenset()
    slots: StoredSlots = field(default_factory=StoredSlots)


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run that discovery has found and that is to be followed. `slow_in_s`: when to check whether it's slow."""

    key: RunKey
    facts: RunFacts
    seen: Observation
    slow_in_s: float | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """One thing to count: it adds one to a field of a schedule's day."""

    day: str
    name: str
    field: str


@dataclass(frozen=True, slots=True)
class SettledSlots:
    """The changes that a look makes to a schedule's slots, and the counts that it adds. By default, nothing changes."""

    before: StoredSlots = field(default_factory=StoredSlots)
    after: Slots = field(default_factory=Slots)
    counts: Sequence[Count] = ()


@dataclass(frozen=True, slots=True)
class Looked:
    """Results of one look at a schedule's runs: runs to follow, ends to account for, notices about runs that began."""

    ledger: Ledger
    follow: Sequence[NewRun] = ()
    ended: Sequence[RunEnd] = ()
    notices: Sequence[Notice] = ()
    settled: SettledSlots = field(default_factory=SettledSlots)


@dataclass(frozen=True, slots=True)
class SlotsNews:
    """The changes that a listing makes to a schedule's slots. `late_in_s`: in how many seconds it may be late."""

    before: StoredSlots
    after: Slots
    late_in_s: float | None = None


@dataclass(frozen=True, slots=True)
class ActivityNews:
    """Changes in one listing of schedules: the newest activity by slug, and the slugs that nobody watches anymore."""

    changed: Mapping[str, tuple[str, WatchedSchedule]]
    gone: Sequence[str] = ()
    slots: Mapping[str, SlotsNews] = field(default_factory=dict)
