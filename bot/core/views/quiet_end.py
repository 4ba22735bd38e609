"""The message at the end of quiet hours: what is failing now, and what failed and recovered in the meantime.

`bot.core.watching.quiet` decides when quiet hours are and what they withhold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.core.model.incident import Incident
from bot.core.model.run import run_url
from bot.core.text.message import Block, Facts, Message, Paragraph
from bot.core.text.text import Link, Sentence, Span, cut, plural
from bot.core.views.hint import hint_line
from bot.core.views.incident import handled_by, incident_headline

LISTED_MOST = 20
LINES_A_BLOCK = 10
LINE_SHOWN = 160


def quiet_end_message(
    incidents: Sequence[Incident], app_url: str, prefix: str, names: Mapping[str, str], mentions: Sentence
) -> Message:
    """List what quiet hours have withheld, failing schedules first. `mentions` are the people to notify, if any."""
    ordered = sorted(incidents, key=lambda one: not one.is_open)
    failing = sum(one.is_open for one in ordered)
    first: Sentence = (_counted(failing, len(ordered) - failing), *((" ", *mentions) if mentions else ()))
    lines, more = incident_lines(ordered, app_url, prefix, names)
    blocks: list[Block] = [Paragraph(first)]
    blocks += [Paragraph(joined(lines[at : at + LINES_A_BLOCK])) for at in range(0, len(lines), LINES_A_BLOCK)]
    blocks += [Facts((more,))] if more else []
    return Message((*first, "\n", *joined(lines)), tuple(blocks))


def incident_lines(
    incidents: Sequence[Incident], app_url: str, prefix: str, names: Mapping[str, str]
) -> tuple[list[Sentence], str]:
    """A line for each of the first incidents, and a sentence about the others, which is empty if there are none."""
    lines = [_line(one, app_url, names) for one in incidents[:LISTED_MOST]]
    return lines, _more(incidents[LISTED_MOST:], prefix)


def _counted(failing: int, recovered: int) -> str:
    over = f"{plural(recovered, 'schedule')} failed and recovered"
    if not failing:
        return f"During quiet hours, {over}."
    now = f"{plural(failing, 'schedule is', 'schedules are')} failing"
    meanwhile = f", and {over} in the meantime" if recovered else ""
    return f"Quiet hours are over: {now}{meanwhile}."


def _line(incident: Incident, app_url: str, names: Mapping[str, str]) -> Sentence:
    spans: list[Span] = [*incident_headline(incident, app_url, names)]
    if incident.is_open:
        if incident.failed is not None:
            spans += [" · ", Link(run_url(app_url, incident.failed.run), f"run {incident.failed.run}")]
        handled = handled_by(incident)
        spans += [f" · {handled}"] if handled else []
        why = hint_line((incident.cause,)) if incident.cause else _error(incident)
        spans += ["\n", *why] if why else []
    if incident.withheld is not None and incident.withheld.earlier:
        spans.append(f" · after {plural(incident.withheld.earlier, 'earlier failure')}, also during quiet hours")
    return tuple(spans)


def _error(incident: Incident) -> Sentence:
    line = incident.lines[0].line if incident.lines else ""
    return (cut(" ".join(line.split()), LINE_SHOWN),) if line else ()


def _more(others: Sequence[Incident], prefix: str) -> str:
    if not others:
        return ""
    failing = sum(one.is_open for one in others)
    if not failing:
        return f"… and {len(others)} more that recovered."
    return f"… and {len(others)} more, {failing} of them failing. {prefix} failing lists all failing schedules."


def joined(lines: Sequence[Sentence]) -> Sentence:
    """Put each sentence on a line of its own."""
    spans: list[Span] = []
    for at, line in enumerate(lines):
        spans += ["\n", *line] if at else line
    return tuple(spans)
