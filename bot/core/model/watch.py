"""A watch: a channel's standing order to report the runs of some schedules, whoever starts them.

Its defaults are in `bot.core.watching.watch_of_command`. `bot.core.watching.cover` decides which of several
watches applies to a schedule.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

# The reports of a watch: failures and recoveries, every end, or every run from its start.
Only = Literal["failures", "ends", "all"]

WATCHES_MOST_IN_CHANNEL = 50
WATCHES_MOST = 2000
# A watch whose channel the bot can't post in is deleted after this time.
AWAY_MOST = timedelta(days=30)


class Pause(StrEnum):
    """Why a watch is paused: the bot can't post in the channel, or isn't allowed to report. The words are stored."""

    ARCHIVED = "archived"
    REMOVED = "removed"
    SHARED = "shared"
    DEACTIVATED = "deactivated"


# The bot can't post in the channel: runs are still counted, so that it can say what happened once it's back.
AWAY = frozenset({Pause.ARCHIVED, Pause.REMOVED})

# The creator of a watch that comes from the watches file.
OPERATOR = ""


@dataclass(frozen=True, slots=True)
class SlowAfter:
    """When a run counts as slow: at `factor` times its usual duration, or after `seconds`. At most one is set."""

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
    a user or user group. `late_s` is the grace period in seconds. `since` is the time by Bolt's clock when the watch
    was made: runs that ended earlier aren't reported. `made_by` is a user's id, or OPERATOR. `paused` is the value of
    a `Pause`, or empty; `paused_at` is when the pause began. `notify`: a person still has to be notified of the pause.
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
    paused_at: datetime | None = None
    notify: bool = False

    @property
    def is_away(self) -> bool:
        """Whether it's paused because the bot can't post in its channel. Runs are still counted."""
        return self.paused in AWAY

    @property
    def is_suspended(self) -> bool:
        """Whether it's paused because it may not report anything. A suspended watch covers no schedule."""
        return bool(self.paused) and not self.is_away

    @property
    def name(self) -> str:
        """The watch's name in stored records."""
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
class PauseChange:
    """A change of watches: paused at `at` for a reason, or resumed (`pause` is None).

    `notify`: a person is to be notified. `event` and `why` are for the audit log.
    """

    pause: Pause | None
    at: datetime
    event: str
    why: str
    notify: bool = False


@dataclass(frozen=True, slots=True)
class WatchAcceptance:
    """Whether a watch was stored: `ok`, or which limit it would exceed. `watch` has its number if it was stored.

    `same`: the channel already has a watch for the same schedules, owner and branch.
    """

    word: Literal["ok", "same", "channel_full", "full"]
    watch: Watch | None = None
