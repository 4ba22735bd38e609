"""`retry --failing`: the question that lists the runs to retry, and the outcome for each.

`bot.slack.authorization` checks whether a person may retry each run.
"""

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
    """An incident whose run wasn't retried, and the sentences that say why."""

    incident: Incident
    why: Sentence


def to_retry(incidents: Sequence[Incident]) -> list[Incident]:
    """The open incidents whose newest failed run can be retried: those that aren't being retried already."""
    open_ones = (one for one in incidents if one.is_open and one.failed is not None)
    return [one for one in open_ones if one.retry is None or is_final(one.retry.state)][:RETRIED_MOST]


def question(incidents: Sequence[Incident], app_url: str, refused: Sequence[RefusedRetry] = ()) -> Message:
    """Ask whether to retry the newest failed run of each open incident.

    `refused` has the incidents whose runs the person isn't allowed to retry.
    """
    found = to_retry(incidents)
    others = sum(one.is_open for one in incidents) - len(found)
    if not found:
        if refused:
            return outcome((), refused, app_url)
        return Message((_already(others) if others else NOTHING_FAILS,))
    whose = "this schedule" if len(found) == 1 else f"each of these {len(found)} schedules"
    first: Sentence = (f"Retry the newest failed run of {whose}?",)
    spans = _lines([_named(one, app_url) for one in found[:LISTED_MOST]], len(found))
    notes: list[Block] = [Facts((_already(others),))] if others else []
    notes += [Facts((_left_out(group), *group[0].why)) for group in _by_reason(refused)]
    yes = f"Retry {plural(len(found), 'run')}"
    value = runs_value([one.failed.run for one in found if one.failed])
    row = (Button(INCIDENT_RETRY_EACH, yes, value=value, style="primary"), Button(INCIDENT_RETRY_NONE, "Don't retry"))
    return Message((*first, "\n", *spans), (Paragraph(first), Paragraph(spans), *notes, Buttons(row)))


def outcome(started: Sequence[Incident], refused: Sequence[RefusedRetry], app_url: str) -> Message:
    """Say which runs are retried, and why the others aren't: one sentence for all that are refused for the same reason."""
    first: Sentence = (f"I'm retrying {plural(len(started), 'run')}.",) if started else ("Nothing was retried.",)
    groups = _by_reason(refused)
    if not groups and not started:
        return Message(("None of these runs can be retried anymore.",))
    if not started and len(groups) == 1 and len(refused) > 1:
        return Message(groups[0][0].why)
    lines = [_named(one, app_url) for one in started]
    for group in groups:
        whose = _named(group[0].incident, app_url) if len(group) == 1 else (plural(len(group), "run"),)
        lines.append((*whose, f" {'was' if len(group) == 1 else 'were'}n't retried: ", *group[0].why))
    spans = _lines(lines[:LISTED_MOST], len(lines))
    return Message((*first, "\n", *spans), (Paragraph(first), Paragraph(spans)))


def _by_reason(refused: Sequence[RefusedRetry]) -> list[list[RefusedRetry]]:
    """Group refused runs by the sentence that says why, the most frequent first."""
    groups: dict[Sentence, list[RefusedRetry]] = {}
    for one in refused:
        groups.setdefault(one.why, []).append(one)
    return sorted(groups.values(), key=len, reverse=True)


def _left_out(group: Sequence[RefusedRetry]) -> str:
    """Introduce the reason why some schedules are left out of the question."""
    names = [cut(one.incident.name or one.incident.schedule, NAME_SHOWN) for one in group]
    return f"{names[0]} is left out: " if len(names) == 1 else f"{len(names)} other schedules are left out: "


def _lines(lines: Sequence[Sentence], total: int) -> Sentence:
    """Put each sentence on a line of its own."""
    spans: list[Span] = []
    for at, line in enumerate(lines):
        spans += ["\n• " if at else "• ", *line]
    more = total - len(lines)
    return (*spans, *((f"\n… and {more} more",) if more > 0 else ()))


def _named(incident: Incident, app_url: str) -> Sentence:
    run = incident.failed.run if incident.failed else 0
    name = cut(incident.name or incident.schedule, NAME_SHOWN)
    return (Bold(name), " (", Link(run_url(app_url, run), f"run {run}"), ")")


def _already(count: int) -> str:
    return f"{'One schedule is' if count == 1 else f'{count} schedules are'} already being retried."
