"""Sentences as data, independent of Slack's markup.

A `Sentence` is a tuple of spans. Rendering treats plain strings as untrusted text: it escapes them and defuses their
formatting characters, so that only the marked spans carry meaning.
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
    """A user group, by Slack id: everyone in it is notified. `name` is its handle, including the @."""

    group: str
    name: str


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel, by Slack channel id."""

    channel: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link with its own text."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class When:
    """A time shown in the viewer's time zone. `at` is UTC-aware.

    `style` is `time` (14:20, with the date if it's another day), `ago` or `date_time`.
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
    """Format a duration: `38 s`, `4 min 12 s`, `1 h 20 min`, `3 d 4 h`. Negative values become `0 s`."""
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
    """Format a number of bytes: `312 bytes`, `4.1 kB`, `1.2 MB`."""
    if count < 1_000:
        return f"{count} bytes"
    if count < 1_000_000:
        return f"{count / 1_000:.1f} kB"
    return f"{count / 1_000_000:.1f} MB"


def ordinal(number: int) -> str:
    """Format an ordinal: `1st`, `2nd`, `3rd`, `11th`."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Format a count with its noun: `1 test`, `2 tests`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def showable(text: str) -> str:
    """Remove invisible characters from untrusted text.

    Removes zero-width spaces, lone surrogates, control characters (except line ends and tabs), and bidirectional
    controls, which could make a name visually rewrite the text next to it.
    """
    return text if text.isprintable() else _UNSEEN.sub("", text)


def cut(text: str, limit: int) -> str:
    """Cut text to at most `limit` characters, ending with an ellipsis if anything was cut."""
    return text if len(text) <= limit else text[: max(0, limit - 1)].rstrip() + "…"


def cut_middle(text: str, limit: int, mark: str = "\n… {} characters left out …\n") -> str:
    """Cut text to at most `limit` characters, keeping head and tail around a line that counts what's missing."""
    if len(text) <= limit:
        return text
    room = max(0, limit - len(mark.format(len(text))))
    head, tail = room // 3, room - room // 3
    return text[:head] + mark.format(len(text) - head - tail) + (text[-tail:] if tail else "")


def rounded_up(at: datetime, minutes: int = 5) -> datetime:
    """Round a time up to the next full `minutes`. Expected ends are never shown more precisely than this."""
    step = timedelta(minutes=minutes)
    past = timedelta(minutes=at.minute % minutes, seconds=at.second, microseconds=at.microsecond)
    return at if not past else at - past + step


def mapped_sentence(sentence: Sentence, change: Callable[[str], str]) -> Sentence:
    """Apply `change` to every visible text of a sentence."""
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
