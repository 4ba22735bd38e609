"""An outage: many schedules of a channel that began to fail at the same time, reported in one message.

The script `account_ends.lua` decides which incidents form an outage; an outage's message is in `bot.core.views.outage`.
`bot.service_outage` decides when Bolt, Slack or Redis is unavailable.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.core.model.incident import Incident

# If more incidents than this open in a channel within WITHIN_S seconds, the rest share one message. Both numbers must
# match those in account_ends.lua, which decides.
APART_MOST = 5
WITHIN_S = 120.0
# How many causes get a post of their own in the outage's thread.
CAUSES_POSTED = 5
MENTIONS_MOST = 10


@dataclass(frozen=True, slots=True)
class CausePost:
    """A post in an outage's thread about one cause. `number` counts from 1 and never changes."""

    number: int
    cause: str


@dataclass(frozen=True, slots=True)
class Outage:
    """An outage as stored. `number` counts the outages of its channel; `members` are its incidents, the oldest first.

    `rev` grows with every change; `ts` is its message's timestamp, or empty if it has none yet. `over` counts how many
    times all of its schedules had recovered. `uneditable_since` is set once its message can't be edited anymore: it's
    the newest end known at that time. `changes` counts the changes since then, and `lined` says whether its thread has
    a line about them. `replaced` counts the messages that were replaced because they couldn't be edited, and `earlier`
    is the timestamp of the last of them. `requests` are the newest retries that were asked for here, by schedule, and
    `starting` counts those that may still become a run.
    """

    channel: str
    number: int
    team: str
    members: tuple[Incident, ...] = ()
    since: datetime | None = None
    posts: tuple[CausePost, ...] = ()
    over: int = 0
    rev: int = 0
    ts: str = ""
    requests: tuple[tuple[str, str], ...] = ()
    starting: int = 0
    uneditable_since: datetime | None = None
    changes: int = 0
    lined: bool = False
    replaced: int = 0
    earlier: str = ""

    @property
    def name(self) -> str:
        """The outage's name in stored records."""
        return f"{self.channel}:{self.number}"

    @property
    def failing(self) -> tuple[Incident, ...]:
        """The incidents that are open."""
        return tuple(one for one in self.members if one.is_open)
