"""A gap: more than ten minutes without a complete listing of schedules, because Bolt or the bot itself was unavailable.

`bot.flows.listing_gap` notices gaps, `bot.flows.advance_gap` decides when to report them, and the
wording is in `bot.core.views.listing_gap`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.model.incident import Incident

# After this long without a complete listing, failures may have gone unreported.
GAP_AFTER = timedelta(minutes=10)
# The longest time for which runs hidden by a gap are searched for and withheld from incidents.
COLLECTED_FOR = timedelta(minutes=10)


class GapState(StrEnum):
    """State of a gap: it still lasts, the runs that ended in it are being collected, or all of them have been collected."""

    BLIND = "blind"
    COLLECTING = "collecting"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class ListingGap:
    """A gap between two complete listings, `since` and `until` by Bolt's clock.

    `why` says why schedules couldn't be listed; it's empty if nobody tried. `began` is when the search for the
    runs that ended in the gap began, on Redis' clock.
    """

    number: int
    state: GapState
    since: datetime
    why: str = ""
    until: datetime | None = None
    began: datetime | None = None

    @property
    def is_unseen(self) -> bool:
        """Whether its end wasn't seen, because nothing was watched anywhere anymore."""
        return self.state is GapState.COMPLETE and self.until is None

    def hides(self, ended_at: datetime | None) -> bool:
        """Whether a run that is found now ended in the gap, or before it."""
        return self.until is None or ended_at is None or ended_at <= self.until


@dataclass(frozen=True, slots=True)
class GapRun:
    """A run that ended in a gap."""

    run: int
    schedule: str
    name: str
    state: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    branch: str | None = None
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class GapNotice:
    """The content of a channel's message about a gap. While the gap lasts, `incidents` is empty.

    Afterward, `incidents` has the ones that are failing now, and the ones that failed and recovered in the meantime.
    `mentions` has the schedules whose people are notified. `unwatched`: all of the channel's watches were
    paused or stopped before the gap was over, so the message doesn't say what happened.
    """

    channel: str
    team: str
    gap: ListingGap
    incidents: tuple[Incident, ...] = ()
    mentions: tuple[str, ...] = ()
    runs: int = 0
    schedules: int = 0
    unwatched: bool = False

    @property
    def is_account(self) -> bool:
        """Whether it says what happened in the gap."""
        return self.gap.until is not None and not self.unwatched


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """A notice as stored: `rev` grows with every change; `ts` is its message's timestamp, or empty if it has none."""

    notice: GapNotice
    rev: int = 0
    ts: str = ""
