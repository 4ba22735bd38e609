"""An outage's one message in its channel, and the posts in its thread.

Nothing in the message depends on the time of rendering.

The script `account_ends.lua` decides which incidents form an outage, and `bot.core.watching.shared_causes` groups them.
Clicks are handled in `bot.flows.handle_outage`.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.model.incident import Incident
from bot.core.model.outage import Outage
from bot.core.model.run import is_final, run_url
from bot.core.text.message import Button, Buttons, Choice, Facts, Message, Paragraph
from bot.core.text.text import Bold, Emoji, Link, Mention, Sentence, Span, When, cut, duration, plural
from bot.core.views import buttons
from bot.core.views.incident import NOT_EDITABLE
from bot.core.watching.handling import taken_at
from bot.core.watching.shared_causes import UNREAD, SharedCause, shared_causes
from bot.core.watching.snooze import SnoozeChoice

NAMES_SHOWN = 20
NAMES_IN_THREAD = 40
NAMES_LISTED = 100
NAME_SHOWN = 60
CAUSES_SHOWN = 5
LINE_SHOWN = 160

_SNOOZES = (
    (SnoozeChoice.HOUR, "Snooze 1 h"),
    (SnoozeChoice.FOUR_HOURS, "Snooze 4 h"),
    (SnoozeChoice.MORNING, "Snooze until 9:00"),
    (SnoozeChoice.RECOVERY, "Snooze until they recover"),
)


def outage_message(outage: Outage, earlier_url: str | None = None) -> Message:
    """Build an outage's message in its newest state. `earlier_url` is the address of the message that it has replaced."""
    failing = outage.failing
    if not failing:
        first = _over(outage)
        return Message(first, (Paragraph(first),))
    causes = shared_causes(failing)
    first = _failing(outage, causes)
    lines: list[Span] = []
    if len(causes) > 1:
        for cause in causes[:CAUSES_SHOWN]:
            lines += [f"\n{len(cause.incidents)}: ", *_why(cause)]
        left = sum(len(cause.incidents) for cause in causes[CAUSES_SHOWN:])
        lines += [f"\n{left}: other reasons"] if left else []
    elif causes[0].hint is not None and causes[0].hint.next:
        lines += ["\n", Emoji("bulb"), f" {causes[0].hint.next}"]
    facts = _facts(outage)
    if earlier_url:
        facts = (*facts, *((" · ",) if facts else ()), Link(earlier_url, "earlier message"))
    return Message(
        (*first, ".", *((" ", *facts) if facts else ())),
        (
            Paragraph((*first, *lines)),
            Facts((*_names(failing, NAMES_SHOWN), *(("\n", *facts) if facts else ()))),
            Buttons(_buttons(outage)),
        ),
    )


def cause_post(cause: SharedCause, mention: Sentence, app_url: str) -> Message:
    """Build the post about one cause in an outage's thread: which schedules, their runs, and the line of the log."""
    found = cause.incidents
    first: Sentence = (Bold(plural(len(found), "schedule")), ": ", *_why(cause), *((" ", *mention) if mention else ()))
    return Message(first, (Paragraph(first), Facts(_named_all(found, app_url))))


def all_recovered(outage: Outage) -> Message:
    """Build the line for an outage's thread once none of its schedules fails anymore."""
    return Message((*_over(outage), "."))


def failing_again(outage: Outage, mention: Sentence, app_url: str) -> Message:
    """Build the line for an outage's thread when one of its schedules fails again after all had recovered."""
    failing = outage.failing
    first: Sentence = ("Failing again: ", Bold(plural(len(failing), "schedule")), *((" ", *mention) if mention else ()))
    return Message(first, (Paragraph(first), Facts(_named_all(failing, app_url))))


def state_line(outage: Outage, app_url: str) -> Message:
    """Build the line for an outage's thread that says what its message would show if it could still be edited."""
    failing, facts = outage.failing, _facts(outage)
    first: Sentence = (*_failing(outage, shared_causes(failing)), ".")
    more: list[Span] = ["\n", *facts] if facts else []
    note: list[Span] = [] if outage.lined else ["\n", NOT_EDITABLE]
    said = (*first, *((" ", *facts, ".") if facts else ()), *((" ", NOT_EDITABLE) if note else ()))
    return Message(said, (Paragraph(first), Facts((*_named_all(failing, app_url), *more, *note))))


def outage_list(outage: Outage, app_url: str, slash_command: str) -> Message:
    """List every schedule of an outage privately, by cause."""
    failing = outage.failing
    if not failing:
        return Message(_over(outage))
    blocks: list[Paragraph] = []
    left = NAMES_LISTED
    for cause in shared_causes(failing):
        spans: list[Span] = [Bold(plural(len(cause.incidents), "schedule")), ": ", *_why(cause)]
        for incident in cause.incidents[:left]:
            spans += ["\n• ", *_named(incident, app_url), *_retried(incident, app_url)]
        left = max(0, left - len(cause.incidents))
        blocks.append(Paragraph(tuple(spans)))
    more = len(failing) - NAMES_LISTED
    rest = (Facts((f"… and {more} more. {slash_command} failing lists them all.",)),) if more > 0 else ()
    return Message((f"{plural(len(failing), 'schedule')} failing:",), (*blocks, *rest))


def outage_taken_message(outage: Outage) -> Message:
    """Say who already handles all schedules of an outage, and offer *Take over*: its message may not show it yet."""
    taken = [one.on_it for one in outage.failing if one.on_it is not None]
    who, *others = dict.fromkeys(one.user for one in taken)
    have = f" and {plural(len(others), 'other')} have" if others else " has"
    since = max(taken_at(one) for one in taken)
    on_it: Sentence = (
        Mention(who),
        f"{have} been handling all of these schedules since ",
        When(since, "date_time"),
        ". ",
    )
    text: Sentence = (*on_it, "To take them over, click ", Bold("Take over"), ".")
    return Message(text, (Paragraph(text), Buttons((_take_button(outage, handled=True),))))


def _failing(outage: Outage, causes: Sequence[SharedCause]) -> Sentence:
    count = len(outage.failing)
    since: Sentence = (" since ", When(outage.since, "date_time")) if outage.since else ()
    start: Sentence = (Emoji("red_circle"), " ", Bold(plural(count, "schedule")), " failing", *since)
    first = causes[0]
    if first.key == UNREAD:
        return start
    if len(causes) == 1:
        return (*start, ", for the same reason: ", *_why(first)) if count > 1 else (*start, ": ", *_why(first))
    return (*start, f", {len(first.incidents)} for the same reason: ", *_why(first))


def _over(outage: Outage) -> Sentence:
    ends = [one.recovered_by.ended_at for one in outage.members if one.recovered_by and one.recovered_by.ended_at]
    took = ""
    if outage.since and ends and max(ends) > outage.since:
        took = f" after {duration((max(ends) - outage.since).total_seconds())}"
    recovered = sum(one.recovered_by is not None for one in outage.members)
    if not recovered:
        return (f"{plural(len(outage.members), 'schedule')} no longer watched here",)
    if recovered < len(outage.members):
        closed = len(outage.members) - recovered
        return (
            Emoji("white_check_mark"),
            f" {plural(recovered, 'schedule')} recovered{took}, {closed} {'is' if closed == 1 else 'are'} no longer watched here",
        )
    return (Emoji("white_check_mark"), f" All {plural(recovered, 'schedule')} recovered{took}")


def _why(cause: SharedCause) -> Sentence:
    if cause.hint is not None:
        return (cause.hint.text.rstrip("."),)
    return (cut(cause.line, LINE_SHOWN),) if cause.line else ("the log hasn't been read yet",)


def _facts(outage: Outage) -> Sentence:
    recovered = len(outage.members) - len(outage.failing)
    people = [one.on_it.name or "somebody" for one in outage.failing if one.on_it is not None]
    snoozed = sum(one.snooze is not None for one in outage.failing)
    parts: list[Sentence] = [(f"{recovered} of {len(outage.members)} recovered",)] if recovered else []
    if people:
        who, *others = dict.fromkeys(people)
        names = f"{who} and {plural(len(others), 'other')} are" if others else f"{who} is"
        of_all = "it" if len(people) == len(outage.failing) else f"{len(people)} of them"
        parts.append((Emoji("raising_hand"), f" {names} on {of_all}"))
    parts += [(Emoji("zzz"), f" {snoozed} snoozed")] if snoozed else []
    retried = outage.starting + sum(_is_retried(one) for one in outage.failing)
    parts += [(Emoji("repeat"), f" {retried} being retried")] if retried else []
    return tuple(span for at, part in enumerate(parts) for span in (" · ", *part)[at == 0 :])


def _names(incidents: Sequence[Incident], most: int) -> Sentence:
    names = ", ".join(_title(one) for one in incidents[:most])
    more = len(incidents) - most
    return (f"{names} and {more} more" if more > 0 else names,)


def _named_all(incidents: Sequence[Incident], app_url: str) -> Sentence:
    spans: list[Span] = []
    for at, incident in enumerate(incidents[:NAMES_IN_THREAD]):
        spans += [", " if at else "", *_named(incident, app_url)]
    more = len(incidents) - NAMES_IN_THREAD
    return (*spans, *((f" and {more} more",) if more > 0 else ()))


def _named(incident: Incident, app_url: str) -> Sentence:
    run = incident.failed
    link: Sentence = (" (", Link(run_url(app_url, run.run), f"run {run.run}"), ")") if run else ()
    return (_title(incident), *link)


def _is_retried(incident: Incident) -> bool:
    return incident.retry is not None and not is_final(incident.retry.state)


def _retried(incident: Incident, app_url: str) -> Sentence:
    retry = incident.retry
    if retry is None or is_final(retry.state):
        return ()
    return (", being retried as ", Link(run_url(app_url, retry.run), f"run {retry.run}"))


def _title(incident: Incident) -> str:
    return cut(incident.name or incident.schedule, NAME_SHOWN)


def _buttons(outage: Outage) -> tuple[Button, ...]:
    value = str(outage.number)
    menu = tuple(Choice(label, f"{choice}:{value}") for choice, label in _SNOOZES)
    handled = all(one.on_it is not None for one in outage.failing)
    snoozed = all(one.snooze is not None for one in outage.failing)
    snooze = (
        Button(buttons.OUTAGE_WAKE, "End snooze", value=value)
        if snoozed
        else Button(buttons.OUTAGE_SNOOZE, "Snooze", choices=menu)
    )
    return (
        Button(buttons.OUTAGE_RETRY, "Retry failed", value=value),
        _take_button(outage, handled=handled),
        snooze,
        Button(buttons.OUTAGE_LIST, "All schedules", value=value),
    )


def _take_button(outage: Outage, *, handled: bool) -> Button:
    value = buttons.outage_take_value(outage.number, free=not handled)
    return Button(buttons.OUTAGE_TAKE, "Take over" if handled else "I'm on it", value=value)
