"""The message about a gap in which schedules couldn't be listed, and the list of runs in its thread.

`bot.flows.listing_gap` notices a gap, and `bot.flows.advance_gap` decides when it's reported.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from bot.core.model.incident import Incident
from bot.core.model.listing_gap import GapNotice, GapRun
from bot.core.model.run import is_failed, run_url
from bot.core.model.state_labels import state_word
from bot.core.text.message import Block, Facts, Message, Paragraph
from bot.core.text.text import Bold, Emoji, Link, Sentence, Span, When, cut, plural
from bot.core.views.quiet_end import LINES_A_BLOCK, incident_lines, joined

SCHEDULES_LISTED = 40
NAME_SHOWN = 60
_COLUMNS = ("schedule", "name", "run", "state", "started", "ended", "branch", "actor")


def gap_message(
    notice: GapNotice,
    incidents: Sequence[Incident],
    app_url: str,
    prefix: str,
    names: Mapping[str, str],
) -> Message:
    """Say that runs can't be seen, or, once they can, what happened in the meantime, unless the channel has no watches."""
    gap, why = notice.gap, notice.gap.why.rstrip(".")
    if notice.unwatched:
        first: Sentence = (
            Emoji("eyes"),
            " I couldn't read Bolt's runs after ",
            When(gap.since, "date_time"),
            f" ({why}). All watches in this channel have since been paused or stopped.",
        )
        return Message(first, (Paragraph(first),))
    if gap.until is None:
        first = (
            Emoji("warning"),
            " I haven't been able to read Bolt's runs since ",
            When(gap.since, "date_time"),
            f": {_stopped(gap.why)} Failures may go unreported.",
        )
        return Message(first, (Paragraph(first),))
    first = (*_was_away(notice), *_result(notice, incidents))
    lines, more = incident_lines(incidents, app_url, prefix, names)
    blocks: list[Block] = [Paragraph(first)]
    blocks += [Paragraph(joined(lines[at : at + LINES_A_BLOCK])) for at in range(0, len(lines), LINES_A_BLOCK)]
    blocks += [Facts((more,))] if more else []
    return Message((*first, "\n", *joined(lines)) if lines else first, tuple(blocks))


def gap_runs(runs: Sequence[GapRun], app_url: str, mentions: Sentence) -> Message:
    """List a channel's runs that ended in a gap, a line per schedule, failures first.

    `mentions` are the people to notify of failing schedules.
    """
    by_schedule: dict[str, list[GapRun]] = {}
    for run in runs:
        by_schedule.setdefault(run.schedule, []).append(run)
    ordered = sorted(by_schedule.values(), key=lambda of: (-_failed(of), of[0].name, of[0].schedule))
    lines = [_schedule_line(of, app_url) for of in ordered[:SCHEDULES_LISTED]]
    first: Sentence = (f"{plural(len(runs), 'run')} ended in the meantime:", *((" ", *mentions) if mentions else ()))
    more = len(ordered) - SCHEDULES_LISTED
    lines += [(f"… and {plural(more, 'more schedule')}",)] if more > 0 else []
    blocks: list[Block] = [Paragraph(first)]
    blocks += [Paragraph(joined(lines[at : at + LINES_A_BLOCK])) for at in range(0, len(lines), LINES_A_BLOCK)]
    return Message((*first, "\n", *joined(lines)), tuple(blocks))


def gap_csv(runs: Sequence[GapRun]) -> str:
    """All runs that ended in a gap as a table, the oldest first."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(_COLUMNS)
    for run in sorted(runs, key=lambda one: (one.ended_at.isoformat() if one.ended_at else "", one.run)):
        times = (at.isoformat() if at else "" for at in (run.started_at, run.ended_at))
        words = (_cell(run.schedule), _cell(run.name), str(run.run), _cell(run.state), *times)
        table.writerow((*words, _cell(run.branch or ""), _cell((run.actor or "").partition("@")[0])))
    return out.getvalue()


def _cell(word: str) -> str:
    """Change a word that a spreadsheet would take for a formula."""
    return f"'{word}" if word.startswith(("=", "+", "-", "@", "\t", "\r")) else word


def _was_away(notice: GapNotice) -> Sentence:
    gap = notice.gap
    times: list[Span] = [" from ", When(gap.since, "date_time")]
    times += [" to ", When(gap.until, "date_time")] if gap.until else []
    if gap.why:
        return (Emoji("eyes"), " I couldn't read Bolt's runs", *times, f" ({gap.why.rstrip('.')}). ")
    return (Emoji("eyes"), " I was away", *times, ". ")


def _result(notice: GapNotice, incidents: Sequence[Incident]) -> Sentence:
    if not notice.runs and not incidents:
        return ("No runs ended in the meantime.",)
    failing = sum(one.is_open for one in incidents)
    over = len(incidents) - failing
    ran = (
        f"{plural(notice.runs, 'run')} of {plural(notice.schedules, 'schedule')} ended in the meantime"
        if notice.runs
        else ""
    )
    now = f"{plural(failing, 'schedule is', 'schedules are')} failing now" if failing else "nothing is failing now"
    recovered = f", and {plural(over, 'schedule')} failed and recovered" if over else ""
    return (f"{ran}: {now}{recovered}." if ran else f"{now[:1].upper()}{now[1:]}{recovered}.",)


def _schedule_line(runs: Sequence[GapRun], app_url: str) -> Sentence:
    last, failed = (
        max(runs, key=lambda one: (one.ended_at is not None and one.ended_at.timestamp(), one.run)),
        _failed(runs),
    )
    spans: list[Span] = [
        "• ",
        Bold(cut(last.name or last.schedule, NAME_SHOWN)),
        f": {plural(len(runs), 'run')}",
        f", {failed} failed" if failed else "",
        "; the last one, ",
        Link(run_url(app_url, last.run), f"run {last.run}"),
        f", {state_word(last.state)}",
    ]
    spans += [" ", When(last.ended_at, "date_time")] if last.ended_at else []
    return tuple(spans)


def _failed(runs: Sequence[GapRun]) -> int:
    return sum(is_failed(one.state) for one in runs)


def _stopped(sentence: str) -> str:
    return sentence if sentence.endswith((".", "…")) else f"{sentence}."
