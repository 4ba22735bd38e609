"""The form for a watch: its content, and how a filled-in form is read.

The form can't change which schedules an existing watch covers: other schedules would be watched only from now on, so
they need a watch of their own.

`bot.slack.blocks.watch_form` lays it out, and `bot.flows.complete_watch_form` fills it in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeVar, get_args

from bot.core.commands.tokens import visible
from bot.core.commands.values import read_branch
from bot.core.commands.watch_values import read_late, read_owner, read_quiet, read_slow, read_time_zone
from bot.core.model.command import WatchCommand, late_in_words, slow_in_words
from bot.core.model.errors import BadCommand
from bot.core.model.watch import Only, SlowAfter, Watch
from bot.core.schedules.run_form import NO_BRANCH
from bot.core.schedules.typeahead import VALUE, Index, Mask, Offer, Offers, one_line
from bot.core.text.text import Sentence, plural
from bot.core.watching.cover import matches
from bot.core.watching.preview import watched

EVERY = "*"
# The choices in the menu for mentions, besides a user group's id.
OWNER, NOBODY = "owner", "none"

CHOOSE_ONE = "Choose a schedule or a pattern."
NO_QUIET = "Enter two different times of day, for example 22:00-07:00."
NO_LATE = "Enter a time from 1m to 24h, for example 30m, or off."
NO_SLOW = "Enter a factor from 1.1x to 100x (for example 2x), a time from 1m to 24h (for example 45m), or off."

T = TypeVar("T")
Field = Literal["schedule", "owner", "branch", "only", "mention", "person", "quiet", "time_zone", "late", "slow"]


@dataclass(frozen=True, slots=True)
class Filled:
    """The form's values as typed. `schedule` is the handle of the chosen option, or a pattern; `person` is a user's id.

    `number` is the number of the edited watch, or None for a new watch.
    """

    channel: str
    number: int | None = None
    schedule: str = ""
    owner: str = ""
    branch: str = ""
    only: str = ""
    pull_requests: bool = False
    mention: str = OWNER
    person: str = ""
    quiet: str = ""
    time_zone: str = ""
    late: str = ""
    slow: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """The form as shown. `watch` is the one that is edited, or None for a new one."""

    filled: Filled
    watch: Watch | None = None
    notes: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Problems:
    """Why nothing was changed: a sentence for each field to correct."""

    fields: dict[Field, str] = field(default_factory=dict)


def filled_from(watch: Watch) -> Filled:
    """The form's values for an existing watch."""
    is_person = watch.mention not in {OWNER, NOBODY} and not watch.mention.startswith("S")
    return Filled(
        watch.channel,
        watch.number,
        only=watch.only,
        pull_requests=watch.pull_requests,
        mention=OWNER if is_person else watch.mention,
        person=watch.mention if is_person else "",
        quiet=f"{watch.quiet.begin}-{watch.quiet.end}" if watch.quiet else "",
        time_zone=watch.time_zone or "",
        late=late_in_words(watch.late_s or 0),
        slow=slow_in_words(watch.slow or SlowAfter()),
    )


def read(filled: Filled, pattern: str) -> WatchCommand | Problems:
    """Read the form, filled in for this pattern. Returns the equivalent command, or the problems."""
    problems: dict[Field, str] = {}
    command = WatchCommand(
        pattern,
        owner=_taken(problems, "owner", filled.owner, read_owner),
        branch=_taken(problems, "branch", filled.branch, read_branch, NO_BRANCH),
        pull_requests=filled.pull_requests,
        only=next((one for one in get_args(Only) if one == filled.only), None),
        mention=filled.person or filled.mention,
        late_s=_taken(problems, "late", filled.late, read_late, NO_LATE),
        slow=_taken(problems, "slow", filled.slow, read_slow, NO_SLOW),
        quiet=_taken(problems, "quiet", filled.quiet, read_quiet, NO_QUIET),
        time_zone=_taken(problems, "time_zone", filled.time_zone, read_time_zone),
    )
    if not pattern:
        problems["schedule"] = CHOOSE_ONE
    return Problems(problems) if problems else command


def offers(index: Index, typed: str, mask: Mask = str) -> Offers:
    """Offer schedules for the typed text, and the text as a pattern: with a `*` added if it isn't one already."""
    text = one_line(typed)
    is_pattern = not text or any(sign in text for sign in "*?[")
    pattern = text if text and is_pattern else f"{text}*"
    found = [(heading or "Schedules", ones) for heading, ones in index.offers(typed, mask).groups]
    offer = _pattern_offer(index, pattern, mask, must_match=not is_pattern)
    patterns = [("Every schedule" if pattern == EVERY else "Pattern", (offer,))] if offer else []
    return Offers(tuple([*patterns, *found] if is_pattern else [*found, *patterns]))


def _pattern_offer(index: Index, pattern: str, mask: Mask, *, must_match: bool) -> Offer | None:
    if len(pattern.encode("utf-16-le")) // 2 > VALUE or mask(pattern) != pattern:
        return None
    count = sum(matches(pattern, watched(row.schedule)) for row in index.rows)
    if must_match and not count:
        return None
    about = f"{plural(count, 'schedule')} now, and those added later" if count else "matches no schedule yet"
    return Offer(pattern, pattern, about)


def _taken(
    problems: dict[Field, str], name: Field, text: str, reader: Callable[[str], T], sentence: str = ""
) -> T | None:
    """Read a field. Returns None if it's empty. The field's problem, if any, is added to `problems`."""
    try:
        typed = visible(text).strip()
        return reader(typed) if typed else None
    except BadCommand as bad:
        problems[name] = sentence or bad.sentence
        return None
