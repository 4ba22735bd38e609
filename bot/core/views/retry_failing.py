"""`retry --failing`: which runs would be retried, asked first, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.model.incident import Incident
from bot.core.model.run import is_final, run_url
from bot.core.text.message import Block, Button, Buttons, Facts, Message, Paragraph
from bot.core.text.text import Bold, Link, Sentence, Span, cut, plural
from bot.core.views.buttons import INCIDENT_RETRY_EACH, INCIDENT_RETRY_NONE, runs_value

NAME_SHOWN = 100
LISTED_MOST = 20
# A confirmation's button carries them all.
RETRIED_MOST = 100
NOTHING_FAILS = "Nothing is failing in this channel, so there's nothing to retry."


@dataclass(frozen=True, slots=True)
class RefusedRetry:
    """An incident whose run wasn't retried, and the sentences why."""

    incident: Incident
    why: Sentence


def to_retry(incidents: Sequence[Incident]) -> list[Incident]:
    """The open incidents whose newest failed run can be retried: those that aren't being retried already."""
    open_ones = (one for one in incidents if one.is_open and one.failed is not None)
    return [one for one in open_ones if one.retry is None or is_final(one.retry.state)][:RETRIED_MOST]


def question(incidents: Sequence[Incident], app_url: str) -> Message:
    """Ask whether to retry the newest failed run of each open incident."""
    found = to_retry(incidents)
    others = sum(one.is_open for one in incidents) - len(found)
    if not found:
        return Message((_already(others) if others else NOTHING_FAILS,))
    whose = "this schedule" if len(found) == 1 else f"{len(found)} schedules"
    first: Sentence = (f"Retry the newest failed run of {whose}?",)
    spans: list[Span] = []
    for at, one in enumerate(found[:LISTED_MOST]):
        spans += ["\n• " if at else "• ", *_named(one, app_url)]
    more = len(found) - LISTED_MOST
    spans += [f"\n… and {more} more"] if more > 0 else []
    note: list[Block] = [Facts((_already(others),))] if others else []
    yes = f"Retry {plural(len(found), 'run')}"
    value = runs_value([one.failed.run for one in found if one.failed])
    row = (Button(INCIDENT_RETRY_EACH, yes, value=value, style="primary"), Button(INCIDENT_RETRY_NONE, "Don't retry"))
    return Message((*first, "\n", *spans), (Paragraph(first), Paragraph(tuple(spans)), *note, Buttons(row)))


def outcome(started: Sequence[Incident], refused: Sequence[RefusedRetry], app_url: str) -> Message:
    """Say which runs are retried, and why the others aren't."""
    first: Sentence = (f"I'm retrying {plural(len(started), 'run')}.",) if started else ("Nothing was retried.",)
    if not refused:
        return Message(first if started else ("None of these runs can be retried any more.",))
    spans: list[Span] = []
    for at, one in enumerate(refused[:LISTED_MOST]):
        spans += ["\n• " if at else "• ", *_named(one.incident, app_url), " wasn't retried: ", *one.why]
    more = len(refused) - LISTED_MOST
    spans += [f"\n… and {more} more"] if more > 0 else []
    return Message((*first, "\n", *spans), (Paragraph(first), Paragraph(tuple(spans))))


def _named(incident: Incident, app_url: str) -> Sentence:
    run = incident.failed.run if incident.failed else 0
    name = cut(incident.name or incident.schedule, NAME_SHOWN)
    return (Bold(name), " (", Link(run_url(app_url, run), f"run {run}"), ")")


def _already(count: int) -> str:
    return f"{'One schedule is' if count == 1 else f'{count} schedules are'} already being retried."
