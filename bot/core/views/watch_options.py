"""A watch's options in plain words.

The defaults are in `bot.core.watching.watch_of_command`.
"""

from __future__ import annotations

from bot.core.model.watch import Watch
from bot.core.text.text import Code, Group, Mention, Sentence, Span, cut, duration

SHOWN = 80
_ONLY = {
    "failures": "failures and recoveries",
    "ends": "the end of every run",
    "all": "every run from its start to its end",
}


def options_in_words(watch: Watch) -> Sentence:
    """The options of a watch in words: only those that differ from the defaults."""
    spans: list[Span] = [_ONLY[watch.only]]
    spans += [f" of schedules owned by {cut(watch.owner, SHOWN)}"] if watch.owner else []
    spans += _branch(watch)
    spans += [", including runs for pull requests"] if watch.pull_requests else []
    spans += [f", runs that are {duration(watch.late_s)} late"] if watch.late_s else []
    if watch.slow and watch.slow.factor:
        spans.append(f", runs that take at least {watch.slow.factor:g} times as long as usual")
    elif watch.slow and watch.slow.seconds:
        spans.append(f", runs that take at least {duration(watch.slow.seconds)}")
    spans += _mentions(watch.mention)
    if watch.quiet:
        spans.append(f", quiet from {watch.quiet.begin} to {watch.quiet.end}")
    spans += [f" ({watch.time_zone})"] if watch.time_zone else []
    return tuple(spans)


def _branch(watch: Watch) -> list[Span]:
    if watch.branch == "*":
        return [" on any branch"]
    return [" on branch ", Code(cut(watch.branch, SHOWN))] if watch.branch else []


def _mentions(mention: str) -> list[Span]:
    if mention == "owner":
        return []
    if mention == "none":
        return [", without mentions"]
    who = Group(mention, "a user group") if mention.startswith("S") else Mention(mention)
    return [", mentioning ", who]
