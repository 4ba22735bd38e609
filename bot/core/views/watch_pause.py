"""Paused watches: the reason, the notice to a person, and the message once the bot can post in their channel again.

`bot.flows.check_channel` decides when watches pause and resume.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.model.incident import Incident
from bot.core.model.run import run_url
from bot.core.model.watch import OPERATOR, Pause, Watch
from bot.core.text.message import Message, Paragraph
from bot.core.text.text import Bold, Channel, Code, Link, Mention, Sentence, Span, When, cut, plural

NAMED_MOST = 10
LISTED_MOST = 20
NAME_SHOWN = 80

_WHY = {
    Pause.ARCHIVED: "the channel is archived",
    Pause.REMOVED: "I'm not in the channel",
    Pause.SHARED: "the channel is shared with another organization",
    Pause.DEACTIVATED: "the person who set it up has a deactivated account",
}


def why_paused(word: str) -> str:
    """Why a watch is paused, in words. A word that only another version knows is shown as it is."""
    return _WHY[Pause(word)] if word in set(Pause) else word


def pause_notice(watches: Sequence[Watch], pause: Pause, made_by: str, prefix: str) -> Message:
    """Tell a person that watches of a channel were suspended, and what to do about it."""
    channel = Channel(watches[0].channel)
    patterns: list[Span] = []
    for watch in watches[:NAMED_MOST]:
        patterns += [", " if patterns else "", Code(cut(watch.pattern, NAME_SHOWN))]
    more = len(watches) - NAMED_MOST
    patterns += [f" and {more} more"] if more > 0 else []
    stopped: Sentence = ("I've stopped reporting on ", *patterns, " in ", channel)
    if pause is Pause.SHARED:
        why: Sentence = (", because that channel is now shared with another organization. ",)
        then: Sentence = ("I no longer show that channel's failures. I'll resume if the channel is no longer shared.",)
        return Message((*stopped, *why, *then))
    who: Sentence = ("the person who set this up",) if made_by == OPERATOR else (Mention(made_by), ", who set this up,")
    again: Sentence = ("To resume, someone else can type ", Code(f"{prefix} watch {watches[0].pattern}"), " there.")
    return Message((*stopped, ", because the account of ", *who, " is deactivated. ", *again))


def channel_back_message(
    failing: Sequence[Incident], recovered: Sequence[Incident], since: When, app_url: str
) -> Message:
    """Say what has happened since the bot could last post in a channel: what is failing now, and what has recovered."""
    first: list[Span] = ["I can post here again, and I'm watching as before. "]
    if failing:
        first.append(f"{plural(len(failing), 'schedule')} {_is(len(failing))} failing now")
    else:
        first.append("Nothing I watch here is failing")
    if recovered:
        first.append(f"; {plural(len(recovered), 'schedule')} {_have(len(recovered))} failed and recovered since ")
        first.append(since)
    first.append(":" if failing else ".")
    lines = [_line(one, app_url) for one in failing[:LISTED_MOST]]
    more = len(failing) - LISTED_MOST
    lines += [(f"… and {more} more",)] if more > 0 else []
    if not lines:
        return Message(tuple(first))
    listed: list[Span] = []
    for line in lines:
        listed += ["\n" if listed else "", *line]
    return Message((*first, "\n", *listed), (Paragraph(tuple(first)), Paragraph(tuple(listed))))


def _line(incident: Incident, app_url: str) -> Sentence:
    name = Bold(cut(incident.name or incident.schedule, NAME_SHOWN))
    failed = plural(incident.failures + incident.retries, "failed run")
    began = incident.first.ended_at if incident.first else None
    since: Sentence = (" since ", When(began, "date_time")) if began else ()
    run = incident.failed.run if incident.failed else 0
    latest: Sentence = (", latest ", Link(run_url(app_url, run), f"run {run}")) if run else ()
    return ("• ", name, f": {failed}", *since, *latest)


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"
