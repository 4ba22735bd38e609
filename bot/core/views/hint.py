"""Hints as shown to people: what a failure means, what to do next, and whether a retry can help.

The table and `causes` in `bot.core.logs.hints` decide which hint matches a message.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.core.model.cause import Cause, Retry, retry_helps
from bot.core.text.text import Emoji, Link, Sentence, Span, plural

CAUSES_SHOWN = 3
FIX_FIRST = "Fix this first; a retry alone won't help."


def hint_line(causes: Sequence[Cause]) -> Sentence:
    """The hint for the most frequent cause, in one line for a card. Empty if no hint matches."""
    known = [cause for cause in causes if cause.id]
    if not known:
        return ()
    return (*_hint(known[0], f"{plural(known[0].count, 'failure')}: " if len(causes) > 1 else ""), *_retry(causes))


def hint_lines(causes: Sequence[Cause], counted: str = "failure") -> Sentence:
    """The hints for all causes, one per line, the most frequent first. Empty if no hint matches.

    `counted` is the noun for what failed.
    """
    known = [cause for cause in causes if cause.id]
    if not known:
        return ()
    several = len(causes) > 1
    spans: list[Span] = []
    for at, cause in enumerate(known[:CAUSES_SHOWN]):
        spans += ["\n" if at else "", *_hint(cause, f"{plural(cause.count, counted)}: " if several else "")]
    if not several and known[0].count > 1:
        spans.append(f" The cause is the same for all {plural(known[0].count, counted)}.")
    left = sum(cause.count for cause in (*known[CAUSES_SHOWN:], *(cause for cause in causes if not cause.id)))
    if left:
        spans.append(f"\n{plural(left, counted)} for other reasons.")
    return (*spans, *_retry(causes))


def of_runs(runs: Iterable[Sequence[Cause]]) -> tuple[Cause, ...]:
    """Count the causes of several runs, each run by its most frequent one. Unknown causes count as one cause."""
    found: dict[str, Cause] = {}
    for causes in runs:
        first = next((cause for cause in causes if cause.id), Cause())
        found[first.id] = replace(first, count=found[first.id].count + 1 if first.id in found else 1)
    return tuple(sorted(found.values(), key=lambda cause: (not cause.id, -cause.count)))


def retry_is_useless(causes: Sequence[Cause]) -> bool:
    """Whether running the same commands again is certain to fail."""
    return retry_helps(causes) is Retry.NO


def _hint(cause: Cause, before: str) -> Sentence:
    next_ = f" {cause.next}" if cause.next else ""
    spans: list[Span] = [Emoji("bulb"), f" {before}{cause.text}{next_}"]
    if cause.runbook:
        spans += [" ", Link(cause.runbook, "Runbook")]
    return tuple(spans)


def _retry(causes: Sequence[Cause]) -> Sentence:
    return (f" {FIX_FIRST}",) if retry_is_useless(causes) else ()
