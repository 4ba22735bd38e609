"""The audit log: who asked for what, what was decided by which rule, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.core.text.name_folding import fold


class Event(StrEnum):
    """What an entry tells."""

    ASKED = "asked"  # somebody asked for something, and this was decided
    APPROVED = "approved"
    DENIED = "denied"  # by somebody of the group that may approve, or by the asker
    STARTED = "started"
    REFUSED = "refused"  # a start that was let in did not become a run; `user` asked for it
    DROPPED = "dropped"  # somebody took a start out of the queue
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the record. `action`, `decision` and `rule` are the policy's; `outcome` is a run's state or why not.

    `user` is who did it, by Slack's id; of a start that was refused and of a run that ended, who asked for it. `at` is set by the record itself.
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
    """Which entries: of a person (Slack's id, or the name), of a schedule (a part of its slug), from a moment on."""

    user: str = ""
    schedule: str = ""
    since: datetime | None = None

    def matches(self, entry: AuditEntry) -> bool:
        """Whether an entry is one of them."""
        part = fold(self.schedule) or self.schedule
        of_schedule = part in fold(entry.schedule)
        by = self.user.casefold()
        return of_schedule and (not by or by in {entry.user.casefold(), entry.user_name.casefold()})
