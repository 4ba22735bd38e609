"""A notice: a short message from a watch that isn't about an incident. It's posted once, and edited in place.

`run_lines`, `slow` and `late` of `bot.core.watching` decide which runs and schedules get a notice. The wording is in
`bot.core.views.notice`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.core.model.incident import IncidentRun


@dataclass(frozen=True, slots=True)
class HourOfRuns:
    """The ends of one hour of a schedule that runs very often: how many runs ended in each state."""

    begins_at: datetime
    ends: tuple[tuple[str, int], ...] = ()

    @property
    def total(self) -> int:
        """How many runs ended in it."""
        return sum(count for _, count in self.ends)


@dataclass(frozen=True, slots=True)
class Lateness:
    """A schedule without a run since the slot `first`. `slots` counts the missed slots so far; the newest is `latest`.

    `running` is an earlier run that's still active, which is why no new one has begun. `started` is the run that ended
    the lateness; it belongs to the slot `started_for`. `why` is the reason if the lateness ended without a run. `watch`
    is the number of the watch that reports it, and `owner` is the schedule's owner.
    """

    schedule: str
    title: str
    first: datetime
    latest: datetime
    opened_at: datetime
    slots: int = 1
    running: IncidentRun | None = None
    started: IncidentRun | None = None
    started_for: datetime | None = None
    why: str = ""
    watch: int = 0
    owner: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether no run has begun yet."""
        return self.started is None and not self.why


@dataclass(frozen=True, slots=True)
class Slowness:
    """A run that takes too long: its schedule's usual duration (None if there's a fixed limit), and the limit."""

    usual_s: float | None = None
    limit_s: float = 0


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. `name` is unique in its channel and never reused.

    A notice is about a run, an hour of runs, a slow run (`slow` and `run`), or late schedules: more than one if many
    are late at once. `thread` is the message in whose thread it's posted, or empty if it's posted in the channel.
    `watch` is the number of the watch that wants it, and `owner` is the schedule's owner.
    """

    channel: str
    name: str
    team: str
    schedule: str = ""
    title: str = ""
    run: IncidentRun | None = None
    pull_request: str | None = None
    hour: HourOfRuns | None = None
    slow: Slowness | None = None
    late: tuple[Lateness, ...] = ()
    thread: str = ""
    watch: int = 0
    owner: str | None = None

    @property
    def key(self) -> str:
        """The notice's name in stored records."""
        return f"{self.channel}:{self.name}"


@dataclass(frozen=True, slots=True)
class NoticeRecord:
    """A notice as stored: `rev` grows with every change. `ts` is its message's timestamp, empty until it's posted."""

    notice: Notice
    rev: int = 0
    ts: str = ""


@dataclass(frozen=True, slots=True)
class NoticeChange:
    """A notice after a change. `rev` is the revision that was changed, or 0 for a new notice.

    If it's `urgent`, its message is edited at once; otherwise, that may take a few minutes. It's posted only after
    `delay_s`.
    """

    after: Notice
    rev: int = 0
    urgent: bool = True
    delay_s: float = 0
