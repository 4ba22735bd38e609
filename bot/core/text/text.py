"""Sentences as data: what is said, free of how Slack marks it up.

A `Sentence` is a tuple of spans. Plain strings are foreign text as far as rendering is concerned: they
are escaped and their formatting characters defused, so that only the marked spans carry meaning.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Bold:
    """Text shown in bold."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """Text shown as inline code."""

    text: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A person, by Slack user id."""

    user: str


@dataclass(frozen=True, slots=True)
class Group:
    """A user group, by Slack's id: whoever is in it is notified. `name` is what it is called, with its @."""

    group: str
    name: str


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel, by Slack channel id."""

    channel: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link with its own words."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class When:
    """A moment, shown in the viewer's own zone. `at` is UTC-aware.

    `style` is `time` (14:20; with the day where the day is another), `ago` or `date_time`.
    """

    at: datetime
    style: str = "time"


@dataclass(frozen=True, slots=True)
class Emoji:
    """An emoji by its Slack short name, without colons."""

    name: str


_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]")

Span = str | Bold | Code | Mention | Group | Channel | Link | When | Emoji
Sentence = tuple[Span, ...]


def duration(seconds: float) -> str:
    """`38 s`, `4 min 12 s`, `1 h 20 min`, `3 d 4 h`; never negative."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def size(count: int) -> str:
    """`312 bytes`, `4.1 kB`, `1.2 MB`."""
    if count < 1_000:
        return f"{count} bytes"
    if count < 1_000_000:
        return f"{count / 1_000:.1f} kB"
    return f"{count / 1_000_000:.1f} MB"


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `3rd`, `11th`."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 test`, `2 tests`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def showable(text: str) -> str:
    """Foreign text without what cannot be seen: control characters but line ends and tabs, spaces of no width, halves of pairs.

    Nor does anything in it turn the direction of what follows: a name could rewrite what is said beside it.
    """
    return text if text.isprintable() else _UNSEEN.sub("", text)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters; what is cut off ends with an ellipsis."""
    return text if len(text) <= limit else text[: max(0, limit - 1)].rstrip() + "…"


def cut_middle(text: str, limit: int, mark: str = "\n… {} characters left out …\n") -> str:
    """At most `limit` characters, with head and tail kept and a line between that says how much is missing."""
    if len(text) <= limit:
        return text
    room = max(0, limit - len(mark.format(len(text))))
    head, tail = room // 3, room - room // 3
    return text[:head] + mark.format(len(text) - head - tail) + (text[-tail:] if tail else "")


def rounded_up(at: datetime, minutes: int = 5) -> datetime:
    """The next full `minutes` at or after `at`: an expected end is never more exact than that."""
    step = timedelta(minutes=minutes)
    past = timedelta(minutes=at.minute % minutes, seconds=at.second, microseconds=at.microsecond)
    return at if not past else at - past + step


def mapped_sentence(sentence: Sentence, change: Callable[[str], str]) -> Sentence:
    """The same sentence with every visible text in it changed."""
    return tuple(_mapped_span(span, change) for span in sentence)


def _mapped_span(span: Span, change: Callable[[str], str]) -> Span:
    match span:
        case str():
            return change(span)
        case Bold(text):
            return Bold(change(text))
        case Code(text):
            return Code(change(text))
        case Link(url, text):
            return Link(url, change(text))
        case _:
            return span
