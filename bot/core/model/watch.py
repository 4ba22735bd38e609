"""A watch: a channel's standing order to hear of the runs of some schedules, whoever starts them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

# What a watch tells: failures and recoveries, every end, or every run from its start.
Only = Literal["failures", "ends", "all"]

WATCHES_MOST_IN_CHANNEL = 50
WATCHES_MOST = 2000
# The creator of a watch that comes from the watches file.
OPERATOR = ""


@dataclass(frozen=True, slots=True)
class SlowAfter:
    """When a run counts as slow: at `factor` times its usual duration, or after `seconds`. One of them is set."""

    factor: float | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which nothing is posted: from `begin` to `end`, both HH:MM on the clock of the watch's time zone."""

    begin: str
    end: str


@dataclass(frozen=True, slots=True)
class Watch:
    """One watch of a channel.

    `number` is never reused in its channel. `pattern` is a slug, a glob over slugs and names, or `*`; `owner` and
    `branch` narrow it (`branch` `*`: any branch; None: the schedule's own). `mention` is `owner`, `none`, or the id of
    a user or user group. `late_s` is the grace in seconds. `since` is Bolt's time when it was made: runs that ended
    before aren't told. `made_by` is a user's id, or OPERATOR. `paused` says why it tells nothing for now.
    """

    channel: str
    number: int
    team: str
    pattern: str
    since: datetime
    made_by: str = OPERATOR
    only: Only = "failures"
    owner: str | None = None
    branch: str | None = None
    pull_requests: bool = False
    mention: str = "owner"
    late_s: float | None = None
    slow: SlowAfter | None = None
    quiet: Quiet | None = None
    time_zone: str | None = None
    paused: str = ""

    @property
    def name(self) -> str:
        """Its name in stored records."""
        return f"{self.channel}:{self.number}"

    @property
    def is_from_file(self) -> bool:
        """Whether it comes from the watches file, so that nobody in Slack can change or stop it."""
        return self.made_by == OPERATOR

    @property
    def is_exact(self) -> bool:
        """Whether it names one schedule."""
        return not any(sign in self.pattern for sign in "*?[")


@dataclass(frozen=True, slots=True)
class WatchAcceptance:
    """Whether a watch was stored: `ok`, or which bound it would exceed. `watch` has its number if it was stored."""

    word: Literal["ok", "channel_full", "full"]
    watch: Watch | None = None
