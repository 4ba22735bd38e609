"""The answer to `audit`: the newest entries of the audit log.

`bot.flows.audit_query` limits how many entries are searched.
"""

from __future__ import annotations

import re

from bot.core.model.audit_entry import OF_WATCHES, AuditEntry, AuditFilter, Event
from bot.core.model.run import is_failed
from bot.core.text.message import Message, Paragraph
from bot.core.text.text import Bold, Code, Mention, Sentence, Span, When, cut

# A Slack id rather than a name.
_USER = re.compile(r"[UW][A-Z0-9]{2,20}")

SHOWN = 15

TEXT_SHOWN = 120

REASON_SHOWN = 160


def audit_list(entries: tuple[AuditEntry, ...], audit_filter: AuditFilter, *, searched: int, more: bool) -> Message:
    """List entries, newest first. `searched` is the number of entries searched; `more` means that older ones exist."""
    if not entries:
        where = f" among the newest {searched}" if more else ""
        text: Sentence = (f"The audit log has no matching entries{where}.",)
        return Message(text)
    first: Sentence = (
        f"The newest {'entry' if len(entries) == 1 else f'{len(entries)} entries'} in the audit log",
        *_of(audit_filter),
        ":",
    )
    lines = [Paragraph(_line(entry)) for entry in entries]
    summary: list[Span] = [*first]
    return Message((*summary, " ", *_line(entries[0])), (Paragraph(first), *lines))


def _of(audit_filter: AuditFilter) -> list[Span]:
    who = Mention(audit_filter.user) if _USER.fullmatch(audit_filter.user) else Bold(audit_filter.user)
    spans: list[Span] = [" by ", who] if audit_filter.user else []
    spans += [" about ", Bold(audit_filter.schedule)] if audit_filter.schedule else []
    return [*spans, " since ", When(audit_filter.since, "date_time")] if audit_filter.since else spans


def _line(entry: AuditEntry) -> Sentence:
    spans: list[Span] = [When(entry.at, "date_time"), " "] if entry.at else []
    # A refusal or the end of a run isn't something that the entry's person did.
    did = entry.event not in {Event.REFUSED, Event.ENDED}
    spans += [Mention(entry.user), " "] if entry.user and did else []
    spans += _what(entry)
    if entry.request:
        spans.append(f" · request {entry.request[:8]}")
    return tuple(spans)


def _what(entry: AuditEntry) -> list[Span]:
    match entry.event:
        case Event.ASKED:
            by: list[Span] = [f' under the rule "{entry.rule}"'] if entry.rule else []
            why: list[Span] = [f" ({cut(entry.outcome, REASON_SHOWN)})"] if entry.outcome else []
            word = {
                "allow": "allowed",
                "deny": "refused",
                "approve": "needs approval",
                "unknown": "couldn't be decided",
            }
            said = word.get(entry.decision, entry.decision)
            return ["requested ", _text(entry), f": {said}", *by, *why]
        case Event.STARTED:
            return [f"started run {entry.run} of ", Bold(entry.schedule or "a schedule")]
        case Event.ENDED:
            state = "failed" if is_failed(entry.outcome) else entry.outcome.lower()
            return [f"run {entry.run} of ", Bold(entry.schedule or "a schedule"), *_for(entry), f" ended: {state}"]
        case Event.REFUSED:
            name = Bold(entry.schedule or "a start")
            return [name, *_for(entry), f" wasn't started: {cut(entry.outcome, REASON_SHOWN)}"]
        case Event.DROPPED:
            return ["removed ", Bold(entry.schedule or "a start"), " from the queue"]
        case Event.APPROVED | Event.DENIED:
            return [f"{entry.event} ", Bold(entry.schedule or "a start")]
        case _ if entry.event in OF_WATCHES:
            return _of_watch(entry)
        case _:
            return [f"{entry.event} ", Bold(entry.schedule), f": {cut(entry.outcome, REASON_SHOWN)}"]


def _of_watch(entry: AuditEntry) -> list[Span]:
    """The action on a watch, by a person or by the bot itself."""
    what = Code(cut(entry.schedule, TEXT_SHOWN))
    match entry.event:
        case Event.WATCHED:
            return ["started watching ", what, f" ({entry.outcome}): ", _text(entry)]
        case Event.WATCH_CHANGED:
            return [f"changed {entry.outcome} (", what, "): ", _text(entry)]
        case Event.UNWATCHED:
            return ["stopped watching ", what, f" ({entry.outcome}): ", _text(entry)]
    did_to = {
        Event.WATCH_PAUSED: "was paused",
        Event.WATCH_RESUMED: "was resumed",
        Event.WATCH_DELETED: "was deleted",
    }
    reason: list[Span] = [f": {cut(entry.outcome, REASON_SHOWN)}"] if entry.outcome else []
    return [entry.text or "a watch", " (", what, f") {did_to[Event(entry.event)]}", *reason]


def _text(entry: AuditEntry) -> Code:
    return Code(cut(entry.text, TEXT_SHOWN))


def _for(entry: AuditEntry) -> list[Span]:
    return [", requested by ", Mention(entry.user), ","] if entry.user else []
