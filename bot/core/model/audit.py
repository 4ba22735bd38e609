"""The record: who asked for what, what was decided by which rule, and what became of it.

It is only ever added to. What a request comes to is an entry of its own, with the same request's id.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.model.run import is_failed
from bot.core.text.message import Message, Paragraph
from bot.core.text.name_folding import fold
from bot.core.text.text import Bold, Code, Mention, Sentence, Span, When, cut, plural

# An id of Slack's, as against a name.
_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
SHOWN = 15
TEXT_SHOWN = 120
REASON_SHOWN = 160


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


def audit_list(entries: tuple[AuditEntry, ...], wanted: AuditFilter, *, searched: int, more: bool) -> Message:
    """The newest entries, newest first. `searched`: how many were looked at; `more`: there are older ones that were not."""
    if not entries:
        where = f" among the newest {searched}" if more else ""
        text: Sentence = (f"The record has no such entry{where}.",)
        return Message(text)
    first: Sentence = (f"The newest {plural(len(entries), 'entry', 'entries')} of the record", *_of(wanted), ":")
    lines = [Paragraph(_line(entry)) for entry in entries]
    summary: list[Span] = [*first]
    return Message((*summary, " ", *_line(entries[0])), (Paragraph(first), *lines))


def _of(wanted: AuditFilter) -> list[Span]:
    who = Mention(wanted.user) if _USER.fullmatch(wanted.user) else Bold(wanted.user)
    spans: list[Span] = [" of ", who] if wanted.user else []
    spans += [" about ", Bold(wanted.schedule)] if wanted.schedule else []
    return [*spans, " since ", When(wanted.since, "date_time")] if wanted.since else spans


def _line(entry: AuditEntry) -> Sentence:
    spans: list[Span] = [When(entry.at, "date_time"), " "] if entry.at else []
    # A start that is refused, or a run that ends, is nothing that its person did.
    did = entry.event not in {Event.REFUSED, Event.ENDED}
    spans += [Mention(entry.user), " "] if entry.user and did else []
    spans += _what(entry)
    if entry.request:
        spans.append(f" · request {entry.request[:8]}")
    return tuple(spans)


def _what(entry: AuditEntry) -> list[Span]:
    match entry.event:
        case Event.ASKED:
            by: list[Span] = [f" by {entry.rule}"] if entry.rule else []
            why: list[Span] = [f" ({cut(entry.outcome, REASON_SHOWN)})"] if entry.outcome else []
            word = {"allow": "allowed", "deny": "refused", "approve": "to be approved", "unknown": "not to be decided"}
            said = word.get(entry.decision, entry.decision)
            return ["asked for ", Code(cut(entry.text, TEXT_SHOWN)), f": {said}", *by, *why]
        case Event.STARTED:
            return [f"started run {entry.run} of ", Bold(entry.schedule or "a schedule")]
        case Event.ENDED:
            state = "failed" if is_failed(entry.outcome) else entry.outcome.lower()
            return [f"run {entry.run} of ", Bold(entry.schedule or "a schedule"), *_for(entry), f" ended: {state}"]
        case Event.REFUSED:
            name = Bold(entry.schedule or "a start")
            return [name, *_for(entry), f" was not started: {cut(entry.outcome, REASON_SHOWN)}"]
        case Event.DROPPED:
            return ["took ", Bold(entry.schedule or "a start"), " out of the queue"]
        case Event.APPROVED | Event.DENIED:
            return [f"{entry.event} ", Bold(entry.schedule or "a start")]
        case _:
            return [f"{entry.event} ", Bold(entry.schedule), f": {cut(entry.outcome, REASON_SHOWN)}"]


def _for(entry: AuditEntry) -> list[Span]:
    return [", asked for by ", Mention(entry.user), ","] if entry.user else []


def parse_since(text: str, now: datetime) -> datetime | None:
    """The moment that `2 h`, `3d` or `2026-11-28` means; None where it means none. Dates are in UTC."""
    units = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz ")
    unit = units.get(text[len(number) :].strip())
    if number.isascii() and number.isdecimal() and len(number) <= 4 and unit:
        return now - timedelta(**{unit: int(number)})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=now.tzinfo)
