"""The audit log: who asked for what, which rule decided it, and its outcome.

`bot.flows.authorize` records decisions; `bot.store.audit_stream` keeps entries, and decides for how long.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

from bot.core.text.name_folding import fold


class Event(StrEnum):
    """Type of an audit log entry."""

    ASKED = "asked"  # a person asked for something, and a rule decided it
    APPROVED = "approved"
    DENIED = "denied"  # by a member of the approving group, or by the asker
    STARTED = "started"
    REFUSED = "refused"  # an admitted start didn't become a run; `user` asked for it
    DROPPED = "dropped"  # a person removed a start from the queue
    ENDED = "ended"
    # The bot itself changed a watch; `schedule` is the watch's pattern.
    WATCH_PAUSED = "watch_paused"
    WATCH_RESUMED = "watch_resumed"
    WATCH_DELETED = "watch_deleted"
    WATCHED = "watched"  # a watch was made
    WATCH_CHANGED = "watch_changed"
    UNWATCHED = "unwatched"  # a watch was stopped


# Events of watches, whose `schedule` may be a pattern.
OF_WATCHES = frozenset(
    {
        Event.WATCHED,
        Event.WATCH_CHANGED,
        Event.UNWATCHED,
        Event.WATCH_PAUSED,
        Event.WATCH_RESUMED,
        Event.WATCH_DELETED,
    }
)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An audit log entry. `action`, `decision` and `rule` are what the policy was asked and how it decided.

    `outcome` is a run's state, or why there was no run. `user` is the Slack id of the person who acted; for a refused
    start or an ended run, it's the id of the person who asked for it. For a watch, `schedule` is what it watches,
    `text` is its options, and `outcome` is its number. The audit log itself sets `at`.
    """

    event: str
    request: str = ""
    user: str = ""
    user_name: str = ""
    team: str = ""
    channel: str = ""
    channel_name: str = ""
    action: str = ""
    text: str = ""
    schedule: str = ""
    decision: str = ""
    rule: str = ""
    run: int | None = None
    outcome: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Filter for audit log entries: by person (Slack id or name), schedule (part of its slug), and earliest time.

    Watches whose pattern matches the schedule are found too.
    """

    user: str = ""
    schedule: str = ""
    since: datetime | None = None

    def matches(self, entry: AuditEntry) -> bool:
        """Whether an entry matches the person and the schedule. `since` isn't checked here."""
        part = fold(self.schedule) or self.schedule
        of_schedule = part in fold(entry.schedule) or (
            entry.event in OF_WATCHES and fnmatchcase(part, fold(entry.schedule))
        )
        by = self.user.casefold()
        return of_schedule and (not by or by in {entry.user.casefold(), entry.user_name.casefold()})
