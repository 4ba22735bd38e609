"""An end batch: one message for many runs that end in a channel at once, failures first.

`SlackBudget` in `bot.store.lanes` and the script `claim_post.lua` decide how many ends become one message.
Watched schedules that begin to fail together also share a message: see `bot.core.model.outage`.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.model.run import LOST, Run, is_failed, run_url
from bot.core.text.message import Message, Paragraph
from bot.core.text.text import Link, Mention, Sentence, Span, cut, plural
from bot.core.views.card import headline
from bot.core.views.hint import hint_lines, of_runs

LINES_A_BLOCK = 12
NAME_SHOWN = 50


def end_batch_message(runs: Sequence[Run], app_url: str) -> Message:
    """Announce the ends of these runs."""
    ordered = sorted(runs, key=lambda run: (not _bad(run), run.id))
    first = _count(ordered)
    starts = range(0, len(ordered), LINES_A_BLOCK)
    why = hint_lines(of_runs(run.end.causes for run in runs if run.end and is_failed(run.seen.state)), "run")
    blocks = [
        Paragraph((first,)),
        *([Paragraph(why)] if why else []),
        *(Paragraph(_lines(ordered[at : at + LINES_A_BLOCK], app_url)) for at in starts),
    ]
    names = ", ".join(f"{cut(run.title, NAME_SHOWN)} ({_word(run)}, run {run.id})" for run in ordered)
    return Message((f"{first} {names}.",), tuple(blocks))


def _count(runs: Sequence[Run]) -> str:
    words: dict[str, int] = {}
    for run in runs:
        words[_word(run)] = words.get(_word(run), 0) + 1
    told = ", ".join(f"{count} {word}" for word, count in words.items())
    more = (
        " I'll post each failure's log in its card's thread." if any(is_failed(run.seen.state) for run in runs) else ""
    )
    return f"{plural(len(runs), 'run', 'runs')} in this channel ended at the same time: {told}.{more}"


def _lines(runs: Sequence[Run], app_url: str) -> Sentence:
    spans: list[Span] = []
    for run in runs:
        spans += ["\n" if spans else "", *headline(run), " · ", Link(run_url(app_url, run.id), f"run {run.id}")]
        if _bad(run) and run.mentioned:
            spans += [" ", Mention(run.mentioned)]
    return tuple(spans)


def _bad(run: Run) -> bool:
    return is_failed(run.seen.state) or run.seen.state == LOST


def _word(run: Run) -> str:
    if is_failed(run.seen.state):
        return "failed"
    return {"SUCCESS": "succeeded", "CANCELED": "cancelled", "SKIPPED": "skipped"}.get(run.seen.state, run.seen.state)
